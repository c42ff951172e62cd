/* SPDX-License-Identifier: Apache-2.0
 * Server modules (CS_MODULE): loaded once from modules/, before any webapp, never replaced. They bring
 * valves, and servlets and filters that webapps name as classes. Filled by deploy. */
#ifndef ENGINE_SERVER_MODULES_H
#define ENGINE_SERVER_MODULES_H
#include "engine/app.h"

struct engine;
struct engine_host;
struct server_modules;
struct host_module;

/* The modules of G, all CS_MODULEs, for this engine; G stays the caller's. BASE: CSERV_BASE. Before any
 * app is built. False: err. */
bool engine_set_modules(struct engine *e, struct generation *g, const char *base,
                        const char *server_name, struct err *err);
/* Their init hooks; a module whose init fails is an error. On G's life-cycle thread. */
bool server_modules_init(struct engine *e, struct err *err);
/* Valves, then hooks, in reverse; then everything is freed. No request runs any more. On that thread. */
void server_modules_end(struct engine *e);

uint32_t server_modules_count(const struct server_modules *s); /* 0 for NULL */
struct host_module *server_modules_at(struct server_modules *s, uint32_t i);

struct valve_spec {         /* one <Valve>; copied */
    const char *class_name; /* a row's name or alias */
    const struct app_param *params;
    uint32_t param_count;
};
/* Whether a server module has a valve of that class. */
bool engine_has_valve(const struct engine *e, const char *class_name);
/* Initialises one more valve of the engine (HOST and CONTEXT NULL), of HOST or of CONTEXT, behind those
 * it has. Before the connectors start; on the life-cycle thread of the modules. */
bool engine_add_valve(struct engine *e, struct engine_host *host, struct context *context,
                      const struct valve_spec *spec, struct err *err);
/* Whether one of the blank-separated words of ALIASES is NAME. */
bool is_alias(const char *aliases, struct span name);

#endif
