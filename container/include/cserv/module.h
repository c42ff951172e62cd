/* SPDX-License-Identifier: Apache-2.0
 * <cserv/module.h>: what only server modules (CS_MODULE, from modules/) use: the host handle and what a
 * valve may change in a request. The rest is in <cserv/servlet.h>. All calls since minor 2. */
#ifndef CSERV_MODULE_H
#define CSERV_MODULE_H
#include "servlet.h"

CS_C_BEGIN

/* ---- host: valid from init until destroy returns, on any thread ----------------------------------- */

#define CS_HOST_BASE   1u /* absolute path of CSERV_BASE */
#define CS_HOST_SERVER 2u /* "cserv/0.1.0" */
#define CS_HOST_MODULE 3u /* the module's name */
/* One text by its CS_HOST_ number; lives as long as the process. Absent for an unknown number. */
static inline cs_str cs_host_get(cs_host *host, uint32_t what)
{
    return host->ops->get(host, what);
}
/* One line in the server's log, with the module's name before it; LEVEL as in cs_ctx_log. Never waits for
 * the disk. */
__attribute__((format(printf, 3, 4))) static inline int cs_host_log(cs_host *host, uint32_t level,
                                                                    const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int rc = host->ops->vlog(host, level, format, args);
    va_end(args);
    return rc;
}
/* A pointer of the module's own: set it in init, free it in destroy. */
static inline int cs_host_set_state(cs_host *host, void *state)
{
    return host->ops->set_state(host, state);
}
static inline void *cs_host_state(cs_host *host)
{
    return host->ops->state(host);
}
/* SIZE bytes, zeroed, freed after destroy has returned. Only from hooks and init callbacks. */
static inline void *cs_host_alloc(cs_host *host, size_t size)
{
    return host->ops->alloc(host, size);
}
/* The module's host, in the init of a valve, servlet or filter of a server module; NULL in a webapp's. */
static inline cs_host *cs_config_host(cs_config *config)
{
    return config->ops->host(config);
}

/* ---- valves ----------------------------------------------------------------------------------------- */

/* Replaces what later code and the access log see. WHAT: CS_REQ_REMOTE_ADDR (a numeric address),
 * CS_REQ_SCHEME ("http", "https"), CS_REQ_SERVER_NAME. CS_EINVAL when the value is not of that kind,
 * CS_ESTATE outside of a valve. */
static inline int cs_req_set(cs_request *req, uint32_t what, cs_str value)
{
    return req->ops->set(req, what, value);
}
/* WHAT: CS_REQ_SERVER_PORT, CS_REQ_REMOTE_PORT (1 to 65535), CS_REQ_SECURE (0, 1). Errors as above. */
static inline int cs_req_set_int(cs_request *req, uint32_t what, int64_t value)
{
    return req->ops->set_int(req, what, value);
}

/* ---- records ---------------------------------------------------------------------------------------- */

/* Since minor 3. Row I (below `count`) of what cs_valve.records was given. The container's, until the
 * callback returns. */
static inline const cs_record *cs_record_at(const cs_record *rows, uint32_t i, uint32_t row_size)
{
    return (const cs_record *)(const void *)((const char *)rows + (size_t)i * row_size);
}

CS_C_END
#endif
