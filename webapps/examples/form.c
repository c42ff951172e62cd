/* SPDX-License-Identifier: Apache-2.0
 * /examples/form: a form, and what was entered in it. GET shows it, POST takes it. Shows parameters, and
 * that whatever came from outside is escaped before it goes into HTML. */
#include "examples.h"

/* TEXT as HTML shows it, in pieces between the few bytes that mean something there. */
static int put_escaped(cs_response *res, cs_str text)
{
    int rc = CS_OK;
    size_t from = 0;
    for (size_t i = 0; i <= text.len && rc == CS_OK; i++) {
        char c = i < text.len ? text.ptr[i] : '\0';
        const char *instead = c == '<' ? "&lt;" : c == '&' ? "&amp;" : c == '"' ? "&quot;" : NULL;
        if (!instead && i < text.len)
            continue;
        rc = cs_res_write(res, text.ptr + from, i - from);
        if (rc == CS_OK && instead)
            rc = cs_res_puts(res, instead);
        from = i + 1;
    }
    return rc;
}

static int begin_page(cs_response *res)
{
    int rc = cs_res_content_type(res, "text/html; charset=utf-8");
    return rc == CS_OK
               ? cs_res_puts(res, "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\">"
                                  "<meta name=\"viewport\" content=\"width=device-width\">"
                                  "<link rel=\"stylesheet\" href=\"examples.css\">"
                                  "<title>A form</title><main class=\"wide\">\n")
               : rc;
}

int form_get(cs_request *req, cs_response *res)
{
    (void)req;
    int rc = begin_page(res);
    return rc == CS_OK ? cs_res_puts(res, "<h1>A form</h1><form method=\"post\">\n"
                                          "<label>Your name <input name=\"name\"></label>\n"
                                          "<label>Your word <input name=\"word\"></label>\n"
                                          "<button>Send</button></form></main>\n")
                       : rc;
}

int form_post(cs_request *req, cs_response *res)
{
    cs_str name, value;
    /* Ask before writing: malformed parameters make the answer a 400. */
    if (cs_req_param_at(req, 0, &name, &value) == CS_EINVAL)
        return CS_EINVAL;
    int rc = begin_page(res);
    if (rc == CS_OK)
        rc = cs_res_puts(res, "<h1>What you entered</h1><dl>\n");
    for (uint32_t i = 0; rc == CS_OK && cs_req_param_at(req, i, &name, &value) == CS_OK; i++) {
        if ((rc = cs_res_puts(res, "<dt>")) == CS_OK && (rc = put_escaped(res, name)) == CS_OK &&
            (rc = cs_res_puts(res, "</dt><dd>")) == CS_OK &&
            (rc = put_escaped(res, value)) == CS_OK)
            rc = cs_res_puts(res, "</dd>\n");
    }
    return rc == CS_OK ? cs_res_puts(res, "</dl></main>\n") : rc;
}
