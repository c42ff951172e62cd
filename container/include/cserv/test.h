/* SPDX-License-Identifier: Apache-2.0
 * <cserv/test.h>: tests of servlets, filters and listeners without a server. A webapp is built and its
 * requests are served by the container's own code; only the connection is memory. Link libcserv-test.a
 * (pkg-config cserv-test). C11 and C++17, with any test framework or none.
 *
 *     cs_test_options options = {.describe = cs_module_describe};
 *     cs_test_app *app = cs_test_app_new(&options);
 *     cs_test_request *req = cs_test_get(app, "/hello?name=you");
 *     assert(cs_test_status(req) == 200 && strcmp(cs_test_text(req), "Hello, you!\n") == 0);
 *     cs_test_app_free(app);
 *
 * Errors: a call that answers NULL or a CS_E code says why on stderr, and in cs_test_error(). Given NULL
 * for an app or request, every call answers as for one that failed, so that a test may look once.
 *
 * Threads: an app is made and freed by one thread while no request of it runs. Its hooks run on a thread
 * of its own, as in the server. Requests may be made and run by many threads at once; each request is used
 * by one thread at a time. The threads that the webapp starts (cs_ctx_thread) run until cs_test_app_free, as
 * they do until the server ends the webapp; its timers run in real time on one thread. Each cs_test_run is a
 * worker of its own, whose values (cs_ctx_slot) are freed at its end. Everything here is since minor 3. */
#ifndef CSERV_TEST_H
#define CSERV_TEST_H
#include "servlet.h"
CS_C_BEGIN

typedef struct cs_test_app cs_test_app;
typedef struct cs_test_request cs_test_request;

/* Which webapp; what is left out is as described. Its texts are copied; rows stay the caller's and live as
 * long as the app. One of describe, file and rows says what is tested; a folder alone is a webapp of
 * the modules in its WEB-INF/lib. */
typedef struct cs_test_options {
    /* "" (when NULL) or "/shop": request targets begin with it. */
    const char *context_path CS_0;
    /* That of a CS_WEBAPP which is linked into the test. */
    const cs_module *(*describe)(void)CS_0;
    /* A module's .so, loaded as the server loads it. */
    const char *file CS_0;
    /* Rows of a webapp without CS_WEBAPP. */
    struct cs_servlets servlets CS_0;
    struct cs_filters filters CS_0;
    struct cs_listeners listeners CS_0;
    /* The text of a web.xml, for mappings, parameters and whatever else one says. */
    const char *web_xml CS_0;
    /* The webapp's folder, for what reads it: CS_CTX_FOLDER, welcome files, WEB-INF/web.xml unless
     * web_xml is given, WEB-INF/lib. */
    const char *folder CS_0;
    /* That of a CS_MODULE which is linked into the test, and a CS_MODULE's .so: web_xml names their servlets
     * and filters as classes. */
    const cs_server_module *(*describe_server)(void)CS_0;
    const char *server_file CS_0;
    /* <Valve> elements of that module, as in a context.xml, in their order before the webapp:
     * "<Valve className='remoteip' protocolHeader='X-Proto'/>". */
    const char *valves CS_0;
} cs_test_options;

/* For the calls below. */
cs_test_app *cs_test_app_make_(const cs_test_options *options, size_t size, uint32_t abi_hash,
                               int (*invoke)(int (*body)(void *arg), void *arg,
                                             void (*failed)(void *arg, const char *text)));

/* Builds the webapp and starts it: init, listeners, filters, servlets, start, health. NULL when that
 * failed; what had begun was ended as in the server. */
static inline cs_test_app *cs_test_app_new(const cs_test_options *options)
{
    return cs_test_app_make_(options, sizeof(*options), CS_ABI_HASH, CS_INVOKE_);
}
/* Stops it: stop (asked for up to 10 s while it answers CS_EAGAIN), servlets, filters, listeners, cleanups,
 * destroy. Frees it with all its requests. CS_EFAIL: a request of it still runs, then nothing was done; or a
 * hook did not return within 30 s, then the app's memory is given up. */
int cs_test_app_free(cs_test_app *app);
/* Why the last of these calls on this thread failed, in a sentence; "" when none did. Until the next one. */
const char *cs_test_error(void);
/* The handle that the module's hooks get (the first module's, where a folder has several), valid as long
 * as the app: for testing functions that take one. */
cs_ctx *cs_test_ctx(cs_test_app *app);

/* The I-th (from 0) line that the webapp, and the container about it, has logged since the app was begun:
 * "ERROR webapp localhost/shop: no such table". All levels of the webapp, from INFO of the container. NULL
 * past the last. Lives as long as the app. With CSERV_TEST_LOG in the environment every line also goes to
 * stderr. */
const char *cs_test_log(cs_test_app *app, uint32_t i);
/* Whether one of the lines has TEXT in it: 1 or 0. */
int cs_test_logged(cs_test_app *app, const char *text);

/* ---- a request ------------------------------------------------------------------------------------ */

/* METHOD "GET"; TARGET as a client sends it, with the context path, encoded: "/shop/cart?x=a%20b". From
 * 127.0.0.1, with "Host: localhost". NULL when no client could send that. */
cs_test_request *cs_test_request_new(cs_test_app *app, const char *method, const char *target);
/* Adds a field. CS_EINVAL: it is malformed, or is one of those that frame the body: those follow from
 * cs_test_request_body. */
int cs_test_request_header(cs_test_request *req, const char *name, const char *value);
/* Adds SIZE bytes (copied) to the body. Each call is a piece: one read of the servlet gets bytes of
 * one piece at most, as bytes come from a network. */
int cs_test_request_body(cs_test_request *req, const void *bytes, size_t size);
/* The body is sent in chunks: there is no Content-Length. */
int cs_test_request_chunked(cs_test_request *req);
/* What reading answers behind the last piece, instead of the end: CS_EGONE (the client left), CS_EINVAL
 * (it is no valid body: 400), CS_ELIMIT (it is longer than it may be: 413). */
int cs_test_request_body_fails(cs_test_request *req, int code);
/* The client leaves when it has got BYTES of the answer's body: then writing answers CS_EGONE. */
int cs_test_request_client_leaves(cs_test_request *req, uint64_t bytes);
/* The client's address, "192.0.2.7" or "2001:db8::7", and whether it came through TLS. */
int cs_test_request_remote(cs_test_request *req, const char *address, int secure);

/* Serves it, once: through filters to the servlet, to the end of the answer; also of an asynchronous one, whose
 * listeners and callbacks run on this thread; its client takes what waits whenever cs_async_ready_to_write answers
 * 0, which it does past 32 KiB. CS_OK, or CS_EFAIL when it was not served: one of the calls above failed, it
 * ran before, or its answer did not end within 30 s (an asynchronous one is then told that its client left). */
int cs_test_run(cs_test_request *req);
/* cs_test_request_new and cs_test_run. NULL when one of them failed. */
cs_test_request *cs_test_get(cs_test_app *app, const char *target);
/* Frees it and what its answer gave. Not needed: the app does that, too. */
void cs_test_request_free(cs_test_request *req);

/* ---- its answer: valid until the request is freed -------------------------------------------------- */

/* The status; 0 before it ran, and when the answer was given up before its head was sent. */
int cs_test_status(cs_test_request *req);
/* The first value of a field; NULL when there is none. Content-Length is there when the length is known. */
const char *cs_test_header(cs_test_request *req, const char *name);
/* The I-th (from 0) field. CS_ENOENT past the last. */
int cs_test_header_at(cs_test_request *req, uint32_t i, cs_str *name, cs_str *value);
/* The body's bytes as the client gets them; nothing for HEAD. */
cs_str cs_test_body(cs_test_request *req);
/* The same as text; "" when there are none. */
const char *cs_test_text(cs_test_request *req);
/* Why the answer is an error: the sentence of cs_req_fail, of cs_res_error, or of an exception; NULL when
 * nothing was said. */
const char *cs_test_detail(cs_test_request *req);
/* 1: the answer came to its regular end; 0: it was given up, and a real client would see its connection
 * closed: the servlet failed behind the first bytes, wrote less than it had announced, or the client left. */
int cs_test_complete(cs_test_request *req);

CS_C_END
#endif
