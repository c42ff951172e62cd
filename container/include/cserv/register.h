/* SPDX-License-Identifier: Apache-2.0
 * <cserv/register.h>: what a webapp registers by itself beside its tables and web.xml, when only the running
 * program knows what is wanted. Included by <cserv/servlet.h>. All calls since minor 3.
 *
 * Only in the init hook and in context_initialized, on their thread: CS_ESTATE anywhere else. What is registered
 * comes behind what web.xml and the tables declare, in the order of the calls. Rows and texts are copied;
 * callbacks are not, they stay where they are. A call that is refused changes nothing, answers CS_EINVAL and
 * writes the reason to the log; a hook that fails then has it in its own message. */
#ifndef CSERV_REGISTER_H
#define CSERV_REGISTER_H
#include "servlet.h"

#if CS_ABI_MINOR >= 3
CS_C_BEGIN

/* One more servlet, as a row of the module's table; initialised with the others by its load_on_startup.
 * CS_EINVAL: the row is malformed, its name is taken, or another servlet has one of its patterns (not counting
 * those that conf/web.xml alone gives away: they are taken over). */
static inline int cs_ctx_add_servlet(cs_ctx *ctx, const cs_servlet *row)
{
    return ctx->ops->add_servlet(ctx, row, (uint32_t)sizeof(*row));
}
/* One more filter, mapped as its row says, behind all filters so far; a row without patterns and names is
 * mapped by cs_ctx_map_filter. CS_EINVAL: the row is malformed, its name is taken, or it names a servlet that
 * is not there (yet). */
static inline int cs_ctx_add_filter(cs_ctx *ctx, const cs_filter *row)
{
    return ctx->ops->add_filter(ctx, row, (uint32_t)sizeof(*row));
}
/* One more listener. Its context_initialized runs behind those registered before it, also when this is called
 * in one of them. CS_EINVAL: the row is malformed. */
static inline int cs_ctx_add_listener(cs_ctx *ctx, const cs_listener *row)
{
    return ctx->ops->add_listener(ctx, row, (uint32_t)sizeof(*row));
}
/* More patterns, blanks between, for a servlet of web.xml, of a table or registered before. All of them or,
 * with CS_EINVAL, none: there is no such servlet, a pattern is malformed or another servlet's. */
static inline int cs_ctx_map_servlet(cs_ctx *ctx, const char *servlet, const char *url_patterns)
{
    return ctx->ops->map_servlet(ctx, cs_str_of(servlet), cs_str_of(url_patterns));
}
#define CS_MAP_LAST 0u /* behind all mappings so far */
#define CS_MAP_FIRST \
    1u /* before those that are declared, behind those mapped with CS_MAP_FIRST before */
/* More mappings for a filter: URL_PATTERNS and SERVLET_NAMES as in cs_filter, each may be NULL; DISPATCHERS:
 * CS_DISPATCH_ bits, 0: CS_DISPATCH_REQUEST; WHERE: CS_MAP_LAST or CS_MAP_FIRST. All filters mapped by URL run
 * before those mapped by name, wherever they stand. CS_EINVAL: there is no such filter or servlet, or a
 * pattern is malformed. */
static inline int cs_ctx_map_filter(cs_ctx *ctx, const char *filter, const char *url_patterns,
                                    const char *servlet_names, uint32_t dispatchers, uint32_t where)
{
    return ctx->ops->map_filter(ctx, cs_str_of(filter), cs_str_of(url_patterns),
                                cs_str_of(servlet_names), dispatchers, where);
}
/* A context parameter, for cs_ctx_param. CS_EINVAL: no name, no value, or it has one already. CS_ENOMEM. */
static inline int cs_ctx_set_param(cs_ctx *ctx, const char *name, const char *value)
{
    return ctx->ops->set_param(ctx, cs_str_of(name), cs_str_of(value));
}

CS_C_END
#endif
#endif
