/* SPDX-License-Identifier: Apache-2.0
 * A filter before /examples/page: leaves out empty lines and the blanks at the beginnings of lines. Shows how a
 * filter changes what those behind it write, while they write it: by a wrapped response. */
#include "examples.h"

struct tidy {
    bool line_begins;
};

static int tidy_write(void *self, cs_response *inner, const void *bytes, size_t size)
{
    struct tidy *t = self;
    const char *at = bytes, *end = at + size;
    int rc = CS_OK;
    while (at < end && rc == CS_OK) {
        while (at < end && t->line_begins && (*at == ' ' || *at == '\t' || *at == '\n'))
            at++;
        const char *begun = at;
        while (at < end && *at != '\n')
            at++;
        if (at > begun || (at < end && !t->line_begins)) {
            t->line_begins = at < end; /* at its end, which goes out, too */
            at += t->line_begins;
            rc = cs_res_write(inner, begun, (size_t)(at - begun));
        }
    }
    return rc;
}

int tidy_filter(cs_request *req, cs_response *res, cs_chain *chain, void *self)
{
    static const struct cs_override_res overrides = {.size = sizeof(overrides),
                                                     .write = tidy_write};
    (void)self;
    struct tidy *t = cs_req_alloc(req, sizeof(*t)); /* as long as the request */
    if (!t)
        return CS_ENOMEM;
    t->line_begins = true;
    cs_response *tidied = cs_res_wrap(res, &overrides, t);
    return tidied ? cs_chain_next(chain, req, tidied) : CS_ENOMEM;
}
