/* SPDX-License-Identifier: Apache-2.0
 * The examples module: which servlets there are and which URLs they answer. Patterns are relative to
 * the webapp, so "/hello" is http://.../examples/hello. */
#include "examples.h"

static const cs_servlet servlets[] = {
    {.name = "hello", .url_patterns = "/hello", .get = hello_get},
    {.name = "echo", .url_patterns = "/echo", .get = echo, .post = echo, .put = echo},
    {.name = "request", .url_patterns = "/request /request/*", .service = request_service},
    {.name = "sleep", .url_patterns = "/sleep", .get = sleep_get},
    {.name = "big", .url_patterns = "/big", .init = big_init, .get = big_get},
};

CS_WEBAPP("examples", "0.1.0", .servlets = CS_ROWS(servlets))
