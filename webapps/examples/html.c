/* SPDX-License-Identifier: Apache-2.0
 * HTML for several examples: where a page begins, and text that came from outside. */
#include "examples.h"

int html_begin(cs_response *res, const char *title)
{
    int rc = cs_res_content_type(res, "text/html; charset=utf-8");
    return rc == CS_OK ? cs_res_printf(res,
                                       "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\">"
                                       "<meta name=\"viewport\" content=\"width=device-width\">"
                                       "<link rel=\"stylesheet\" href=\"examples.css\">"
                                       "<title>%s</title><main class=\"wide\">\n<h1>%s</h1>\n",
                                       title, title)
                       : rc;
}

/* In pieces between the few bytes that mean something in HTML. */
int html_text(cs_response *res, cs_str text)
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
