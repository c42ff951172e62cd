/* SPDX-License-Identifier: Apache-2.0
 * The filter setcharacterencoding: in which charset forms are read when their Content-Type does not say, or
 * whatever it says. */
#include <strings.h>

#include "filters.h"
#include "params.h"

struct set_charset {
    const char *charset;
    int always; /* `ignore`: whatever the client said */
};

/* What cs_req_set_charset takes. */
static int is_known(const char *charset)
{
    static const char *const known[] = {"utf-8",     "utf8",       "us-ascii", "iso-8859-1",
                                        "iso8859-1", "iso_8859-1", "latin1",   "l1"};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strcasecmp(charset, known[i]) == 0)
            return 1;
    return 0;
}

int set_charset_init(cs_config *config, void **self)
{
    struct set_charset *s = cs_ctx_alloc(cs_config_ctx(config), sizeof(*s));
    if (!s)
        return CS_ENOMEM;
    *self = s;
    s->charset = "";
    const struct param rows[] = {
        {"encoding", PARAM_TEXT, &s->charset, 0, 0, 0},
        {"ignore", PARAM_SWITCH, &s->always, 0, 0, 0},
    };
    int rc = params_read(config, rows, sizeof(rows) / sizeof(rows[0]));
    if (rc == CS_OK && !is_known(s->charset))
        rc = params_refuse(config, "encoding", s->charset, "UTF-8, ISO-8859-1 or US-ASCII");
    return rc;
}

int set_charset_filter(cs_request *req, cs_response *res, cs_chain *chain, void *self)
{
    const struct set_charset *s = self;
    if (s->always || !cs_req_get(req, CS_REQ_CHARSET).ptr) {
        int rc = cs_req_set_charset(req, s->charset);
        if (rc != CS_OK && rc != CS_ESTATE) /* a filter before this one has read the parameters */
            return rc;
    }
    return cs_chain_next(chain, req, res);
}
