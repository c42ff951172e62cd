/* SPDX-License-Identifier: Apache-2.0
 * The examples module: which servlets, filters and listeners there are, and which URLs they answer.
 * Patterns are relative to the webapp, so "/hello" is http://.../examples/hello. */
#include "examples.h"

static const cs_servlet servlets[] = {
    {.name = "hello", .url_patterns = "/hello", .get = hello_get},
    {.name = "echo", .url_patterns = "/echo", .get = echo, .post = echo, .put = echo},
    {.name = "request", .url_patterns = "/request /request/*", .service = request_service},
    {.name = "form", .url_patterns = "/form", .get = form_get, .post = form_post},
    {.name = "files",
     .url_patterns = "/files",
     .get = files_get,
     .post = files_post,
     .multipart = &files_limits},
    {.name = "cookie", .url_patterns = "/cookie", .get = cookie_get},
    {.name = "page", .url_patterns = "/page", .get = page_get},
    {.name = "settings", .url_patterns = "/settings", .get = settings_get},
    {.name = "hints", .url_patterns = "/hints", .get = hints_get},
    {.name = "sleep", .url_patterns = "/sleep", .get = sleep_get},
    {.name = "wait", .url_patterns = "/wait", .flags = CS_ASYNC, .get = wait_get},
    {.name = "later", .url_patterns = "/later", .flags = CS_ASYNC, .get = later_get},
    {.name = "later-shown", .url_patterns = "/later/shown", .get = later_show},
    {.name = "events",
     .url_patterns = "/events",
     .flags = CS_ASYNC,
     .init = events_init,
     .destroy = events_destroy,
     .get = events_get},
    {.name = "ticks", .url_patterns = "/ticks", .init = ticks_init, .get = ticks_get},
    {.name = "big", .url_patterns = "/big", .init = big_init, .get = big_get},
    {.name = "upload",
     .url_patterns = "/upload",
     .flags = CS_STREAMING,
     .init = upload_init,
     .post = upload,
     .put = upload},
    {.name = "shout",
     .url_patterns = "/shout",
     .flags = CS_STREAMING | CS_ASYNC,
     .post = shout,
     .put = shout},
    {.name = "visits", .url_patterns = "/visits", .get = visits_get},
    {.name = "fail", .url_patterns = "/fail", .get = fail_get},
    {.name = "sorry", .url_patterns = "/sorry", .get = sorry_get},
    {.name = "download",
     .url_patterns = "/download",
     .get = download_get,
     .last_modified = download_modified},
};

static const cs_filter filters[] = {
    {.name = "stopwatch", .url_patterns = "/sleep", .filter = stopwatch_filter},
    {.name = "tidy", .url_patterns = "/page", .filter = tidy_filter},
};

static const cs_listener listeners[] = {
    {.name = "settings", .context_initialized = settings_begin},
    {.name = "visits", .context_initialized = visits_begin, .context_destroyed = visits_end},
};

CS_WEBAPP("examples", "0.1.0", .init = greetings_register, .servlets = CS_ROWS(servlets),
          .filters = CS_ROWS(filters), .listeners = CS_ROWS(listeners))
