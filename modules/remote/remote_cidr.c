/* SPDX-License-Identifier: Apache-2.0
 * The valve remotecidr: lets addresses pass or refuses them. The address is the client's as far as it is
 * known: behind a proxy put remoteip before it. */
#include <stdlib.h>

#include "cidr.h"
#include "valves.h"

struct remote_cidr {
    struct cidr_list allow, deny;
    uint32_t status;
};

int remote_cidr_init(cs_config *config, void **self)
{
    cs_host *host = cs_config_host(config);
    struct remote_cidr *v = cs_host_alloc(host, sizeof(*v));
    if (!v)
        return CS_ENOMEM;
    const char *allow = cs_config_param(config, "allow"), *deny = cs_config_param(config, "deny");
    const char *status = cs_config_param(config, "denyStatus");
    int rc = cidr_list_parse(host, "allow", allow, &v->allow);
    if (rc == CS_OK)
        rc = cidr_list_parse(host, "deny", deny, &v->deny);
    if (rc == CS_OK && v->allow.count == 0 && v->deny.count == 0) {
        cs_host_log(host, CS_LOG_ERROR,
                    "remotecidr has neither allow nor deny and would refuse everybody. Give one");
        rc = CS_EINVAL;
    }
    v->status = status ? (uint32_t)strtoul(status, NULL, 10) : 403;
    *self = v;
    return rc;
}

int remote_cidr_invoke(cs_request *req, cs_response *res, cs_chain *chain, void *self)
{
    const struct remote_cidr *v = self;
    cs_str address = cs_req_get(req, CS_REQ_REMOTE_ADDR);
    int denied = cidr_list_has(&v->deny, address) ||
                 (v->allow.count > 0 && !cidr_list_has(&v->allow, address));
    return denied ? cs_res_error(res, v->status, NULL) : cs_chain_next(chain, req, res);
}
