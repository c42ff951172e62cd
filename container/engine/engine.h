/* SPDX-License-Identifier: Apache-2.0
 * The engine: hosts, contexts, and for each running context one app (a built generation). Filled by
 * deploy before the connectors start; served through service.h; looked at by admin. */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H
#include "base/err.h"
#include "base/span.h"
#include "engine/share.h"

struct engine;
struct engine_host;
struct context;
struct app;
struct access_logs;

struct engine_options {
    const char *server_name; /* "cserv/0.1.0", what modules are told */
    uint32_t max_parameter_count;
    uint64_t max_post_size;
    uint32_t max_part_count;       /* of a multipart request */
    uint32_t max_part_header_size; /* bytes of one part's fields */
    bool allow_trace;              /* TRACE is answered; else 405 */
};

struct engine *engine_new(const struct engine_options *options, struct err *err);
void engine_destroy(struct engine **e); /* no app is current any more */

/* NAME lower-case; "*.example.org" is a wildcard. */
struct engine_host *engine_add_host(struct engine *e, const char *name, struct err *err);
bool engine_add_alias(struct engine *e, struct engine_host *h, const char *name, struct err *err);
void engine_set_default_host(struct engine *e, struct engine_host *h);
const char *engine_host_name(const struct engine_host *h);

/* A context without an app answers 503. PATH "" or "/shop"; SHARE NULL: all as the connector says. All
 * contexts are added before the first connector is made. */
struct context *engine_add_context(struct engine *e, struct engine_host *h, const char *path,
                                   const struct engine_share *share, struct err *err);
/* Where exchanges of the context, of the host's other paths, of no host are recorded: each list holds
 * those of the levels around it, too. Before the connectors start; the lists outlive the engine. A new
 * host begins with its engine's list, a new context with its host's; NULL: nowhere. */
void engine_set_logs(struct engine *e, const struct access_logs *logs);
void engine_host_set_logs(struct engine_host *h, const struct access_logs *logs);
void context_set_logs(struct context *c, const struct access_logs *logs);
/* What they have now: their own, else the outer ones; NULL: none. */
const struct access_logs *engine_host_logs(const struct engine_host *h);
const struct access_logs *context_logs(const struct context *c);
const char *context_path(const struct context *c);
const char *context_host(const struct context *c);
/* Makes APP the one that requests get from now on (NULL: none). Returns the former one; it may still be
 * used until engine_quiet says otherwise. */
struct app *context_switch(struct context *c, struct app *app);
/* No thread uses APP any more: no hazard slot holds it. */
bool engine_quiet(struct engine *e, const struct app *app);

#endif
