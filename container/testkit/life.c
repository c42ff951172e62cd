/* SPDX-License-Identifier: Apache-2.0
 * A tested webapp's life, in the server's order and on a life-cycle thread as there. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/path.h"
#include "deploy/alone.h"
#include "deploy/descriptor_files.h"
#include "engine/server_modules.h"
#include "loader/generation.h"
#include "testkit/testkit_priv.h"

#define SERVER_NAME "cserv/" CSERV_VERSION

/* ---- phases ---- */

static void phase_body(void *arg)
{
    struct cs_test_app *a = arg;
    struct cs_test_app *before = log_lines_of(a);
    a->phase_ok = a->phase(a, &a->phase_err);
    log_lines_of(before);
}

enum phase_result { PHASE_OK, PHASE_FAILED, PHASE_HANGS };

/* WHAT: for the message. A phase that hangs keeps using A. */
static enum phase_result run(struct cs_test_app *a, struct generation *g,
                             bool (*phase)(struct cs_test_app *, struct err *), const char *what,
                             struct err *err)
{
    a->phase = phase;
    a->phase_err = ERR_INIT;
    if (generation_call(g, phase_body, a, HOOK_LIMIT_US) == GENERATION_TIMEOUT) {
        err_set(err, "%s did not return within %u s", what, HOOK_LIMIT_US / 1000000u);
        return PHASE_HANGS;
    }
    if (!a->phase_ok)
        *err = a->phase_err;
    return a->phase_ok ? PHASE_OK : PHASE_FAILED;
}

static bool phase_init(struct cs_test_app *a, struct err *err)
{
    return app_init(a->app, err);
}

static bool phase_start(struct cs_test_app *a, struct err *err)
{
    return app_start(a->app, err);
}

static bool phase_health(struct cs_test_app *a, struct err *err)
{
    return app_health(a->app, err);
}

static bool phase_stop(struct cs_test_app *a, struct err *err)
{
    (void)err;
    return app_stop(a->app, a->stop_attempt);
}

static bool phase_destroy(struct cs_test_app *a, struct err *err)
{
    (void)err;
    app_destroy_all(a->app);
    return true;
}

static bool phase_server(struct cs_test_app *a, struct err *err)
{
    return modules_add_server(a, err) &&
           engine_set_modules(a->engine, a->server, a->work, SERVER_NAME, err) &&
           (a->server_begun = true) && server_modules_init(a->engine, err) && valves_begin(a, err);
}

static bool phase_server_end(struct cs_test_app *a, struct err *err)
{
    (void)err;
    server_modules_end(a->engine);
    return true;
}

/* ---- begin ---- */

/* The text of web.xml into a file, whose name is in messages then. */
static bool write_web_xml(struct cs_test_app *a, char *path, size_t size, struct err *err)
{
    path[0] = '\0';
    if (a->web_xml) {
        if (!work_folder(a, err))
            return false;
        snprintf(path, size, "%s/web.xml", a->work);
        return path_write_file(path, span_of(a->web_xml), PATH_MODE_FILE, err);
    }
    if (!a->folder)
        return true;
    return descriptor_find(a->folder, "WEB-INF/web.xml", path, size, err) &&
           descriptor_refuse_foreign(a->folder, err);
}

static bool phase_build(struct cs_test_app *a, struct err *err)
{
    char web_xml[1024];
    if (!modules_add(a, err) || !write_web_xml(a, web_xml, sizeof(web_xml), err))
        return false;
    struct alone alone = {.context = a->context,
                          .generation = a->generation,
                          .folder = a->folder ? a->folder : "",
                          .web_xml = web_xml,
                          .server_name = SERVER_NAME};
    a->app = app_alone(&alone, err);
    return a->app != NULL;
}

static bool begin_engine(struct cs_test_app *a, struct err *err)
{
    static const struct engine_options options = {.server_name = SERVER_NAME,
                                                  .max_parameter_count = 1000,
                                                  .max_post_size = 2097152,
                                                  .max_part_count = 50,
                                                  .max_part_header_size = 512};
    static const struct engine_share share = {
        .max_body_size = -1, .body_min_rate = -1, .send_min_rate = -1};
    a->engine = engine_new(&options, err);
    a->host = a->engine ? engine_add_host(a->engine, TEST_HOST, err) : NULL;
    if (!a->host)
        return false;
    engine_set_default_host(a->engine, a->host);
    a->context = engine_add_context(a->engine, a->host, a->context_path, &share, err);
    return a->context != NULL;
}

static bool begin_server_modules(struct cs_test_app *a, struct err *err)
{
    if (!a->options.describe_server && !a->options.server_file)
        return true;
    a->server = work_folder(a, err) ? generation_new("modules", 0, err) : NULL;
    return a->server &&
           run(a, a->server, phase_server, "a hook of a server module", err) == PHASE_OK;
}

bool life_begin(struct cs_test_app *a, struct err *err)
{
    if (!begin_engine(a, err) || !worker_begin(a, err) || !begin_server_modules(a, err))
        return false;
    a->generation = generation_new("test", 1, err);
    bool ok = a->generation &&
              run(a, a->generation, phase_build, "loading the webapp", err) == PHASE_OK &&
              run(a, a->generation, phase_init, "init", err) == PHASE_OK &&
              run(a, a->generation, phase_start, "the start hook", err) == PHASE_OK &&
              run(a, a->generation, phase_health, "the health hook", err) == PHASE_OK;
    if (ok)
        context_switch(a->context, a->app);
    return ok;
}

/* ---- end ---- */

static bool stop(struct cs_test_app *a, struct err *err)
{
    uint64_t deadline = clock_us() + STOP_LIMIT_US;
    for (a->stop_attempt = 1;; a->stop_attempt++) {
        enum phase_result r = run(a, a->generation, phase_stop, "the stop hook", err);
        if (r != PHASE_FAILED)
            return r == PHASE_OK;
        if (clock_us() >= deadline) {
            err_set(err, "the stop hook says \"not yet\" for longer than %u s",
                    STOP_LIMIT_US / 1000000u);
            failure(err); /* as in the server, it is destroyed then */
            return true;
        }
        struct timespec pause = {0, 1000000}; /* between two questions to the stop hook */
        nanosleep(&pause, NULL);
    }
}

bool life_quiet(struct cs_test_app *a, struct err *err)
{
    context_switch(a->context, NULL);
    if (!worker_end(a, err))
        return false;
    if (engine_quiet(a->engine, a->app))
        return true;
    context_switch(a->context, a->app);
    if (!worker_begin(a, err))
        return false;
    err_set(err, "an app is freed while a request of it runs");
    return err_hint(err, "Join the threads that run requests first");
}

static bool end_webapp(struct cs_test_app *a, struct err *err)
{
    if (a->app) {
        context_switch(a->context, NULL);
        if (!stop(a, err))
            return false;
        if (!app_end_background(a->app, STOP_LIMIT_US)) {
            err_set(err, "a thread or timer of the webapp did not end within %u s",
                    STOP_LIMIT_US / 1000000u);
            return err_hint(err, "Its function returns when cs_thread_should_stop says 1");
        }
        if (run(a, a->generation, phase_destroy, "destroy", err) != PHASE_OK)
            return false;
        app_free(&a->app);
    }
    if (!a->generation || generation_uses(a->generation) == 0) {
        if (a->generation)
            generation_end(&a->generation);
        return true;
    }
    return err_set(err, "an answer still holds the webapp's code");
}

bool life_end(struct cs_test_app *a, struct err *err)
{
    if (!end_webapp(a, err))
        return false;
    if (a->server) {
        if (a->server_begun && run(a, a->server, phase_server_end,
                                   "the destroy hook of a server module", err) != PHASE_OK)
            return false;
        generation_end(&a->server);
    }
    if (!worker_end(a, err))
        return false;
    if (a->engine)
        engine_destroy(&a->engine);
    return !a->work[0] || path_remove_tree(a->work, err);
}
