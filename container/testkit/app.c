/* SPDX-License-Identifier: Apache-2.0
 * cs_test_app: its options looked at, made and freed. */
#include <stdlib.h>
#include <string.h>

#include "testkit/testkit_priv.h"

#define REBUILD "Compile the test anew, with the headers that libcserv-test.a was installed with"

static bool take_context_path(struct cs_test_app *a, struct err *err)
{
    const char *path = a->options.context_path ? a->options.context_path : "";
    size_t n = strlen(path);
    bool ok = n == 0 || (n <= TEST_CONTEXT_MAX && path[0] == '/' && path[n - 1] != '/');
    if (!ok) {
        err_set(err, "context_path is '%.100s'", path);
        return err_hint(err, "It is \"\", or begins with a slash and does not end with one");
    }
    memcpy(a->context_path, path, n + 1);
    return true;
}

/* The server knows a webapp by its absolute path. */
static bool take_texts(struct cs_test_app *a, struct err *err)
{
    const cs_test_options *o = &a->options;
    if (o->folder && !(a->folder = realpath(o->folder, NULL))) {
        err_set(err, "there is no folder %s", o->folder);
        return err_hint(err,
                        "Give a path that is right from where the test runs, or an absolute one");
    }
    if (o->web_xml && !(a->web_xml = strdup(o->web_xml)))
        return err_set(err, "out of memory for web.xml");
    if (o->valves && !(a->valves = strdup(o->valves)))
        return err_set(err, "out of memory for the valves");
    return true;
}

static bool check_options(const struct cs_test_app *a, struct err *err)
{
    const cs_test_options *o = &a->options;
    bool rows = o->servlets.count || o->filters.count || o->listeners.count;
    int ways = (o->describe ? 1 : 0) + (o->file ? 1 : 0) + (rows ? 1 : 0);
    if (ways > 1) {
        err_set(err, "cs_test_options has more than one of describe, file and rows");
        return err_hint(err, "Give one of them");
    }
    if (o->valves && !o->describe_server && !o->server_file) {
        err_set(err, "cs_test_options has valves but no server module");
        return err_hint(err, "Set .describe_server or .server_file");
    }
    if (ways == 1 || o->folder || o->web_xml)
        return true;
    err_set(err, "cs_test_options names no webapp");
    return err_hint(err, "Set .describe = cs_module_describe, .file, .servlets or .folder");
}

static bool begin(struct cs_test_app *a, struct err *err)
{
    return check_options(a, err) && take_context_path(a, err) && take_texts(a, err) &&
           life_begin(a, err);
}

static void free_app(struct cs_test_app *a)
{
    log_lines_end(a);
    lock_destroy(&a->lock);
    free(a->folder);
    free(a->web_xml);
    free(a->valves);
    free(a);
}

cs_test_app *cs_test_app_make_(const cs_test_options *options, size_t size, uint32_t abi_hash,
                               int (*invoke)(int (*body)(void *arg), void *arg,
                                             void (*failed)(void *arg, const char *text)))
{
    struct err err = ERR_INIT;
    failure_none();
    if (abi_hash != CS_ABI_HASH || size != sizeof(*options)) {
        failure_text("the test was compiled with other headers than libcserv-test.a", REBUILD);
        return NULL;
    }
    struct cs_test_app *a = calloc(1, sizeof(*a));
    if (!a) {
        failure_text("out of memory for the app", NULL);
        return NULL;
    }
    a->options = *options;
    a->rows = (cs_module){.size = sizeof(a->rows),
                          .abi_minor = CS_ABI_MINOR_MAX,
                          .invoke = invoke,
                          .servlets = options->servlets,
                          .filters = options->filters,
                          .listeners = options->listeners};
    lock_init(&a->lock, "test app");
    list_init(&a->requests);
    log_lines_begin(a);
    if (begin(a, &err))
        return a;
    failure(&err);
    struct err ignored = ERR_INIT;
    if (life_end(a, &ignored))
        free_app(a);
    return NULL;
}

int cs_test_app_free(cs_test_app *a)
{
    struct err err = ERR_INIT;
    failure_none();
    if (!a)
        return CS_OK;
    if (!life_quiet(a, &err))
        return failure(&err);
    while (!list_empty(&a->requests))
        cs_test_request_free(
            CONTAINER_OF(list_first(&a->requests), struct cs_test_request, of_app));
    if (!life_end(a, &err))
        return failure(&err);
    free_app(a);
    return *cs_test_error() ? CS_EFAIL : CS_OK;
}

cs_ctx *cs_test_ctx(cs_test_app *a)
{
    return a && app_module_count(a->app) > 0 ? app_ctx(a->app, 0) : NULL;
}
