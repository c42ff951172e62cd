/* SPDX-License-Identifier: Apache-2.0
 * /examples/form: a form, and what was entered in it. GET shows it, POST takes it. Shows parameters, and
 * that whatever came from outside is escaped before it goes into HTML. */
#include "examples.h"

int form_get(cs_request *req, cs_response *res)
{
    (void)req;
    int rc = html_begin(res, "A form");
    return rc == CS_OK ? cs_res_puts(res, "<form method=\"post\">\n"
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
    int rc = html_begin(res, "What you entered");
    if (rc == CS_OK)
        rc = cs_res_puts(res, "<dl>\n");
    for (uint32_t i = 0; rc == CS_OK && cs_req_param_at(req, i, &name, &value) == CS_OK; i++) {
        if ((rc = cs_res_puts(res, "<dt>")) == CS_OK && (rc = html_text(res, name)) == CS_OK &&
            (rc = cs_res_puts(res, "</dt><dd>")) == CS_OK && (rc = html_text(res, value)) == CS_OK)
            rc = cs_res_puts(res, "</dd>\n");
    }
    return rc == CS_OK ? cs_res_puts(res, "</dl></main>\n") : rc;
}
