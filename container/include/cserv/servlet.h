/* SPDX-License-Identifier: Apache-2.0
 * <cserv/servlet.h>: the calls a servlet, filter or listener makes. Each is a thin wrapper over the table
 * in the first word of its handle, so a module imports nothing from the container.
 *
 * Unless said otherwise: handles are valid during the callback that got them and only on its thread;
 * text the container gives belongs to the request and lives as long as it; text given to the container
 * is copied before the call returns. All calls since 0.1. */
#ifndef CSERV_SERVLET_H
#define CSERV_SERVLET_H
#include "abi.h"
#include <string.h>

CS_C_BEGIN

struct cs_override_req; /* <cserv/wrap.h> */
struct cs_override_res;
#define CS_SLOT_(result, slot, params, since) result(*slot) params;
struct cs_request_ops {
    uint32_t size, minor;
#define CS_CALL_REQUEST CS_SLOT_
#include "abi.def"
};
struct cs_response_ops {
    uint32_t size, minor;
#define CS_CALL_RESPONSE CS_SLOT_
#include "abi.def"
};
struct cs_ctx_ops {
    uint32_t size, minor;
#define CS_CALL_CTX CS_SLOT_
#include "abi.def"
};
struct cs_config_ops {
    uint32_t size, minor;
#define CS_CALL_CONFIG CS_SLOT_
#include "abi.def"
};
struct cs_chain_ops {
    uint32_t size, minor;
#define CS_CALL_CHAIN CS_SLOT_
#include "abi.def"
};
struct cs_host_ops {
    uint32_t size, minor;
#define CS_CALL_HOST CS_SLOT_
#include "abi.def"
};
struct cs_part_ops {
    uint32_t size, minor;
#define CS_CALL_PART CS_SLOT_
#include "abi.def"
};
struct cs_async_ops {
    uint32_t size, minor;
#define CS_CALL_ASYNC CS_SLOT_
#include "abi.def"
};
struct cs_thread_ops {
    uint32_t size, minor;
#define CS_CALL_THREAD CS_SLOT_
#include "abi.def"
};
struct cs_timer_ops {
    uint32_t size, minor;
#define CS_CALL_TIMER CS_SLOT_
#include "abi.def"
};
#undef CS_SLOT_
struct cs_request {
    const struct cs_request_ops *ops;
};
struct cs_response {
    const struct cs_response_ops *ops;
};
struct cs_ctx {
    const struct cs_ctx_ops *ops;
};
struct cs_config {
    const struct cs_config_ops *ops;
};
struct cs_chain {
    const struct cs_chain_ops *ops;
};
struct cs_host {
    const struct cs_host_ops *ops;
};
struct cs_part {
    const struct cs_part_ops *ops;
};
struct cs_async {
    const struct cs_async_ops *ops;
};
struct cs_thread {
    const struct cs_thread_ops *ops;
};
struct cs_timer {
    const struct cs_timer_ops *ops;
};

/* For wrappers and authors: a C string as a span. NULL gives the absent span. */
static inline cs_str cs_str_of(const char *text)
{
    cs_str s = {text, text ? strlen(text) : 0};
    return s;
}
/* The text of a span for calls that want a C string: NULL when absent or when a NUL byte is inside. */
static inline const char *cs_str_text(cs_str s)
{
    return s.ptr && strlen(s.ptr) == s.len ? s.ptr : (const char *)0;
}

/* ---- request ------------------------------------------------------------------------------------ */

#define CS_REQ_METHOD       1u /* "GET" */
#define CS_REQ_URI          2u /* the path as sent: encoded, with parameters, without the query */
#define CS_REQ_QUERY        3u /* as sent, without '?'; absent without one */
#define CS_REQ_PROTOCOL     4u /* "HTTP/1.1" */
#define CS_REQ_SCHEME       5u /* "http" or "https": what the client speaks, as far as it is known */
#define CS_REQ_SERVER_NAME  6u /* host the client named, without port; else the local address */
#define CS_REQ_CONTEXT_PATH 7u /* "" for the root webapp, else "/shop" */
#define CS_REQ_SERVLET_PATH 8u /* decoded; the part of the path the mapping matched */
#define CS_REQ_PATH_INFO    9u /* decoded; what follows it; absent for exact and extension mappings */
#define CS_REQ_REMOTE_ADDR  10u /* "192.0.2.1", "2001:db8::1" */
#define CS_REQ_LOCAL_ADDR   11u
#define CS_REQ_CONTENT_TYPE 12u /* absent when the request has none */
#define CS_REQ_SERVLET_NAME 13u /* of the registration that serves this request */
/* Since minor 2: the address at the other end of the connection, whatever a valve made of REMOTE_ADDR. */
#define CS_REQ_PEER_ADDR 14u
/* One text of the request by its CS_REQ_ number. Absent for an unknown number. */
static inline cs_str cs_req_get(cs_request *req, uint32_t what)
{
    return req->ops->get(req, what);
}

#define CS_REQ_SERVER_PORT    1u /* of the Host field; else 80 or 443 by scheme */
#define CS_REQ_REMOTE_PORT    2u
#define CS_REQ_LOCAL_PORT     3u
#define CS_REQ_CONTENT_LENGTH 4u /* bytes; -1 when unknown (chunked) or when there is no body */
#define CS_REQ_SECURE         5u /* since minor 2: 1 when the client's side is protected, else 0 */
/* One number of the request by its CS_REQ_ number. -1 for an unknown number. */
static inline int64_t cs_req_get_int(cs_request *req, uint32_t what)
{
    return req->ops->get_int(req, what);
}
static inline const char *cs_req_method(cs_request *req)
{
    return req->ops->get(req, CS_REQ_METHOD).ptr;
}
/* The NTH (from 0) value of a header field, any case of NAME; absent when there is none. */
static inline cs_str cs_req_header_str(cs_request *req, const char *name, uint32_t nth)
{
    return req->ops->header(req, cs_str_of(name), nth);
}
static inline const char *cs_req_header(cs_request *req, const char *name)
{
    return cs_str_text(cs_req_header_str(req, name, 0));
}
/* The I-th (from 0) header field in order of arrival. CS_ENOENT past the last. */
static inline int cs_req_header_at(cs_request *req, uint32_t i, cs_str *name, cs_str *value)
{
    return req->ops->header_at(req, i, name, value);
}
/* The NTH value of a parameter: of the query first, then of a form body (POST with
 * application/x-www-form-urlencoded), decoded, or the form fields of multipart/form-data (<cserv/part.h>).
 * Absent when there is none. When the parameters are malformed, too many, or their form is too large, the
 * request is answered 400 or 413 and every parameter is absent. */
static inline cs_str cs_req_param_str(cs_request *req, const char *name, uint32_t nth)
{
    return req->ops->param(req, cs_str_of(name), nth);
}
/* The first value as text: NULL when absent, also when it holds a NUL byte. */
static inline const char *cs_req_param(cs_request *req, const char *name)
{
    return cs_str_text(cs_req_param_str(req, name, 0));
}
/* The I-th (from 0) parameter in order. CS_ENOENT past the last, CS_EINVAL when malformed. */
static inline int cs_req_param_at(cs_request *req, uint32_t i, cs_str *name, cs_str *value)
{
    return req->ops->param_at(req, i, name, value);
}
/* Up to SIZE bytes of the body into BUF. Returns how many, 0 at the end, or a CS_E code. Never waits:
 * a request is complete before it reaches a servlet, unless that has CS_STREAMING; then CS_EAGAIN is of
 * cs_async_on_readable. Reading a form's parameters uses the body up; once
 * this was called, parameters are those of the query. */
static inline int64_t cs_req_read(cs_request *req, void *buf, size_t size)
{
    return req->ops->read(req, buf, size);
}
/* What init stored in *self for the servlet that now runs; NULL when it stored nothing. */
static inline void *cs_req_self(cs_request *req)
{
    return req->ops->self(req);
}
/* The webapp this request belongs to. */
static inline cs_ctx *cs_req_ctx(cs_request *req)
{
    return req->ops->ctx(req);
}
/* SIZE bytes, aligned for anything, zeroed; freed with the request. NULL when out of memory. */
static inline void *cs_req_alloc(cs_request *req, size_t size)
{
    return req->ops->alloc(req, size);
}
/* FN(ARG) runs when the request is over, last registered first, on the thread that ran it, also when a
 * filter or servlet failed. CS_ENOMEM: nothing was registered. */
static inline int cs_req_on_cleanup(cs_request *req, void (*fn)(void *arg), void *arg)
{
    return req->ops->on_cleanup(req, fn, arg);
}
/* Attaches a sentence for the log and the error page, and returns CODE: `return cs_req_fail(req,
 * CS_EFAIL, "no such table");` */
static inline int cs_req_fail(cs_request *req, int code, const char *detail)
{
    return (req->ops->fail)(req, code, cs_str_of(detail)); /* fail() may be a macro in a test */
}

/* A date field (RFC 9110 5.6.7) in seconds since 1970. -1 when there is none, or it is malformed. Since
 * minor 2. */
static inline int64_t cs_req_date(cs_request *req, const char *name)
{
    return req->ops->date(req, cs_str_of(name));
}

/* ---- response ----------------------------------------------------------------------------------- */

/* Sets the status, 200 to 599. CS_ESTATE once committed (the head was sent), CS_EINVAL otherwise. */
static inline int cs_res_status(cs_response *res, uint32_t code)
{
    return res->ops->status(res, code);
}
#define CS_HEADER_SET 0u /* replaces */
#define CS_HEADER_ADD 1u
/* Sets or adds a field. CS_EINVAL when the name is no token or the value holds a control byte;
 * CS_ESTATE once committed, and for fields that frame the message (Connection, Transfer-Encoding,
 * Keep-Alive, Upgrade, Trailer): those are the container's. "Content-Length" is cs_res_length. */
static inline int cs_res_header_str(cs_response *res, cs_str name, cs_str value, uint32_t how)
{
    return res->ops->header(res, name, value, how);
}
static inline int cs_res_header(cs_response *res, const char *name, const char *value)
{
    return res->ops->header(res, cs_str_of(name), cs_str_of(value), CS_HEADER_SET);
}
static inline int cs_res_content_type(cs_response *res, const char *type)
{
    return cs_res_header(res, "Content-Type", type);
}
/* Announces the body's length in bytes; writing more answers CS_ELIMIT, less closes the connection so
 * that the client can tell. Without it short answers get their length when they end, long ones are
 * sent in chunks. CS_ESTATE once committed. */
static inline int cs_res_length(cs_response *res, int64_t bytes)
{
    return res->ops->length(res, bytes);
}
/* Writes a copy of SIZE bytes. May wait for a slow client within the connector's sendTimeout.
 * CS_EGONE when the client left or was too slow, CS_ELIMIT past the announced length, CS_ENOMEM. */
static inline int cs_res_write(cs_response *res, const void *bytes, size_t size)
{
    return res->ops->write(res, bytes, size);
}
/* As cs_res_write without copying: BYTES must be constants of this module. The webapp stays loaded
 * until the last of them has left. */
static inline int cs_res_write_static(cs_response *res, const void *bytes, size_t size)
{
    return res->ops->write_static(res, bytes, size);
}
static inline int cs_res_puts(cs_response *res, const char *text)
{
    return res->ops->write(res, text, strlen(text));
}
__attribute__((format(printf, 2, 3))) static inline int cs_res_printf(cs_response *res,
                                                                      const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int rc = res->ops->vprintf(res, format, args);
    va_end(args);
    return rc;
}
/* Commits the head and hands everything written so far to the connection. Does not wait for the client
 * to take it. CS_EGONE when the client left. */
static inline int cs_res_flush(cs_response *res)
{
    return res->ops->flush(res);
}
/* Ends the answer with an error page for CODE (400 to 599); what was written is dropped. MESSAGE may be
 * NULL. CS_ESTATE once committed. */
static inline int cs_res_error(cs_response *res, uint32_t code, const char *message)
{
    return res->ops->error(res, code, cs_str_of(message));
}
/* Sets a date field from seconds since 1970 (years 1970 to 9999, else CS_EINVAL). Since minor 2. */
static inline int cs_res_date(cs_response *res, const char *name, int64_t seconds)
{
    return res->ops->date(res, cs_str_of(name), seconds);
}
/* Writes LENGTH bytes of a regular file from OFFSET on, without copying where the connection allows it.
 * FD belongs to the container from here on: it closes it, also when the call fails. CS_EINVAL: negative
 * numbers, or no regular file; else as cs_res_write. A file that becomes shorter meanwhile ends the answer
 * so that the client can tell. Since minor 2. */
static inline int cs_res_send_file(cs_response *res, int fd, int64_t offset, int64_t length)
{
    return res->ops->send_file(res, fd, offset, length);
}
/* 1 when the head was sent, or when cs_res_error or cs_res_redirect has ended the answer; else 0. */
static inline int cs_res_committed(cs_response *res)
{
    return res->ops->committed(res);
}

/* ---- webapp (context): valid from init until destroy returns, on any thread ----------------------- */

#define CS_CTX_PATH   1u /* "" or "/shop" */
#define CS_CTX_NAME   2u /* display name, else the module's name */
#define CS_CTX_HOST   3u /* the virtual host's name */
#define CS_CTX_SERVER 4u /* "cserv/0.1.0" */
/* Since minor 2: absolute path of the webapp's folder; absent when the webapp is a single file. */
#define CS_CTX_FOLDER 5u
/* Since minor 3: see cs_ctx_temp_folder. */
#define CS_CTX_TEMP_FOLDER 6u
/* One text of the webapp by its CS_CTX_ number; lives as long as the webapp. */
static inline cs_str cs_ctx_get(cs_ctx *ctx, uint32_t what)
{
    return ctx->ops->get(ctx, what);
}
#define CS_LOG_DEBUG 0u
#define CS_LOG_INFO  1u
#define CS_LOG_WARN  2u
#define CS_LOG_ERROR 3u
/* One line in the server's log, with the webapp's path before it. Never waits for the disk. */
__attribute__((format(printf, 3, 4))) static inline int cs_ctx_log(cs_ctx *ctx, uint32_t level,
                                                                   const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int rc = ctx->ops->vlog(ctx, level, format, args);
    va_end(args);
    return rc;
}
/* A pointer of the module's own, shared by everything in this module: set it in init, free it in
 * destroy. Each module of a webapp has its own. */
static inline int cs_ctx_set_state(cs_ctx *ctx, void *state)
{
    return ctx->ops->set_state(ctx, state);
}
static inline void *cs_ctx_state(cs_ctx *ctx)
{
    return ctx->ops->state(ctx);
}
/* SIZE bytes, zeroed, freed after destroy has returned. Only from hooks and init callbacks. */
static inline void *cs_ctx_alloc(cs_ctx *ctx, size_t size)
{
    return ctx->ops->alloc(ctx, size);
}
/* FN(ARG) runs before destroy, last registered first, on the life-cycle thread. Only from hooks and
 * init callbacks. */
static inline int cs_ctx_on_cleanup(cs_ctx *ctx, void (*fn)(void *arg), void *arg)
{
    return ctx->ops->on_cleanup(ctx, fn, arg);
}

/* The media type that FILE_NAME's extension stands for, in any case: web.xml's <mime-mapping> (the webapp's,
 * then conf/web.xml's), then the container's own list. Absent when it is not known. Lives as long as the
 * webapp. Since minor 2. */
static inline cs_str cs_ctx_mime_type(cs_ctx *ctx, const char *file_name)
{
    return ctx->ops->mime_type(ctx, cs_str_of(file_name));
}

/* ---- init of a servlet or filter: valid during init ------------------------------------------------ */

/* The registration's name. */
static inline cs_str cs_config_name(cs_config *config)
{
    return config->ops->name(config);
}
/* An init parameter: web.xml's, else the row's. NULL when absent. Lives as long as the webapp. */
static inline const char *cs_config_param(cs_config *config, const char *name)
{
    return cs_str_text(config->ops->param(config, cs_str_of(name)));
}
static inline int cs_config_param_at(cs_config *config, uint32_t i, cs_str *name, cs_str *value)
{
    return config->ops->param_at(config, i, name, value);
}
static inline cs_ctx *cs_config_ctx(cs_config *config)
{
    return config->ops->ctx(config);
}

/* ---- filter chain ----------------------------------------------------------------------------------- */

/* Runs what follows this filter, the servlet at the end. Once per call of the filter; a second call
 * answers CS_ESTATE. Returns what they returned; a filter usually returns it as it is. */
static inline int cs_chain_next(cs_chain *chain, cs_request *req, cs_response *res)
{
    return chain->ops->next(chain, req, res);
}

/* ---- parameters, attributes and files of the webapp: on any thread, since minor 3 ------------------- */
#if CS_ABI_MINOR >= 3

/* A <context-param> of web.xml, else of conf/web.xml. NULL when there is none; lives as long as the webapp. */
static inline const char *cs_ctx_param(cs_ctx *ctx, const char *name)
{
    return cs_str_text(ctx->ops->param(ctx, cs_str_of(name)));
}
/* The I-th (from 0) of them in the order of the files. CS_ENOENT past the last. */
static inline int cs_ctx_param_at(cs_ctx *ctx, uint32_t i, cs_str *name, cs_str *value)
{
    return ctx->ops->param_at(ctx, i, name, value);
}
/* The value of an <env-entry>, by its <env-entry-name> ("mail/limit"). NULL when there is none; lives as
 * long as the webapp. */
static inline const char *cs_ctx_env(cs_ctx *ctx, const char *name)
{
    return cs_str_text(ctx->ops->env(ctx, cs_str_of(name)));
}

/* The value that cs_ctx_attr_set gave NAME, whose case counts; NULL when there is none. All modules of the
 * webapp share its attributes. It stays what it is until somebody replaces or removes it: see there. */
static inline void *cs_ctx_attr(cs_ctx *ctx, const char *name)
{
    return ctx->ops->attr(ctx, cs_str_of(name));
}
/* Sets or replaces an attribute. NAME is copied and kept as long as the webapp, VALUE is kept as it is.
 * FREE_FN may be NULL; else FREE_FN(VALUE) runs once: before this call returns when it replaces or
 * removes the value, on the caller's thread; or when the webapp ends, on its life-cycle thread, after
 * context_destroyed of all listeners and before the destroy hooks, the last set first. So replace only what no
 * other thread may still use. VALUE NULL removes. CS_EINVAL: no name; CS_ENOMEM: nothing has changed and
 * VALUE is still yours; CS_ESTATE: the webapp is ending, VALUE is still yours. */
static inline int cs_ctx_attr_set(cs_ctx *ctx, const char *name, void *value,
                                  void (*free_fn)(void *value))
{
    return ctx->ops->attr_set(ctx, cs_str_of(name), value, free_fn);
}
/* As setting it to NULL. CS_OK also when there is none. */
static inline int cs_ctx_attr_remove(cs_ctx *ctx, const char *name)
{
    return ctx->ops->attr_set(ctx, cs_str_of(name), (void *)0, (void (*)(void *))0);
}
/* The I-th (from 0) attribute, in the order in which their names came. CS_ENOENT past the last. NAME lives
 * as long as the webapp. */
static inline int cs_ctx_attr_at(cs_ctx *ctx, uint32_t i, cs_str *name, void **value)
{
    return ctx->ops->attr_at(ctx, i, name, value);
}

/* Opens a regular file of the webapp's folder for reading, also below /WEB-INF. PATH begins with '/', as
 * "/WEB-INF/greeting.txt". The descriptor is yours to close, or goes to cs_res_send_file. No way leads out of
 * the folder: neither "..", which is CS_EINVAL, nor a link, which is CS_ENOENT, as what is missing and
 * what is no regular file; also when the webapp is a single file. CS_EFAIL: it may not be read, or there
 * are no more descriptors. */
static inline int cs_ctx_open(cs_ctx *ctx, const char *path)
{
    return ctx->ops->open(ctx, cs_str_of(path));
}
/* Calls ENTRY(ARG, name) for each name in a folder of the webapp, sorted by its bytes; those of folders end
 * with '/'. A result of ENTRY other than 0 ends it and is returned. PATH and errors as of cs_ctx_open. */
static inline int cs_ctx_list(cs_ctx *ctx, const char *path,
                              int (*entry)(void *arg, const char *name), void *arg)
{
    return ctx->ops->list(ctx, cs_str_of(path), entry, arg);
}
/* Absolute path of a folder for this webapp's temporary files, which is there, empty, when it starts: only
 * the server's user can look into it. Lives as long as the webapp. */
static inline const char *cs_ctx_temp_folder(cs_ctx *ctx)
{
    return ctx->ops->get(ctx, CS_CTX_TEMP_FOLDER).ptr;
}
#endif

CS_C_END

/* Further calls on the same handles. */
#include "async.h"
#include "background.h"
#include "dispatch.h"
#include "register.h"
#include "part.h"
#include "request.h"
#include "response.h"
#include "wrap.h"
#endif
