/* SPDX-License-Identifier: Apache-2.0
 * /examples/hello/de, /hello/fr, /hello/ja: servlets that are in no table: the module's init registers one for each
 * language, as a program does that learns only when it runs what there is. All of them are one function; each
 * registration has a parameter of its own. */
#include "examples.h"

static const struct {
    const char *language, *text;
} greetings[] = {{"de", "Hallo, Welt!"},
                 {"fr", "Bonjour le monde !"},
                 {"ja", "\xe3\x81\x93\xe3\x82\x93\xe3\x81\xab\xe3\x81\xa1\xe3\x81\xaf"}};

static int greeting_init(cs_config *config, void **self)
{
    *self = (void *)(uintptr_t)cs_config_param(config, "text"); /* lives as long as the webapp */
    return *self ? CS_OK : CS_EFAIL;
}

static int greeting_get(cs_request *req, cs_response *res)
{
    int rc = cs_res_content_type(res, "text/plain; charset=utf-8");
    return rc == CS_OK ? cs_res_puts(res, cs_req_self(req)) : rc;
}

int greetings_register(cs_ctx *ctx)
{
    int rc = CS_OK;
    for (size_t i = 0; rc == CS_OK && i < sizeof(greetings) / sizeof(greetings[0]); i++) {
        char name[32], pattern[32];
        snprintf(name, sizeof(name), "hello-%s", greetings[i].language);
        snprintf(pattern, sizeof(pattern), "/hello/%s", greetings[i].language);
        const cs_param params[] = {{"text", greetings[i].text}};
        /* All of it is copied. */
        const cs_servlet row = {.name = name,
                                .url_patterns = pattern,
                                .init = greeting_init,
                                .get = greeting_get,
                                .params = CS_ROWS(params)};
        rc = cs_ctx_add_servlet(ctx, &row);
    }
    return rc;
}
