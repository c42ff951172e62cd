/* SPDX-License-Identifier: Apache-2.0
 * From files to running webapps, at start: plan (what is there), build (what web.xml and the modules
 * say), start (checked, copied, probed, loaded, initialised), and back at stop. A webapp that fails
 * leaves the others alone and keeps its reason. Called by cli; its list is read by admin. */
#ifndef DEPLOY_DEPLOY_H
#define DEPLOY_DEPLOY_H
#include "base/buf.h"
#include "config/server.h"
#include "config/webxml.h"
#include "engine/engine.h"

struct deployment;
struct json;

struct deploy_options {
    const char *base;        /* CSERV_BASE */
    const char *home;        /* CSERV_HOME, for ${catalina.home} in context.xml; NULL: "" */
    const char *server_name; /* what modules are told: "cserv/0.1.0" */
    const struct engine_config *engine_config;
    struct engine *engine;
    const char *const *module_folders; /* server modules, ended by NULL; the first of a name wins */
    bool after_crash; /* the container before this one ended unasked: believe the journal */
};

/* Makes hosts and contexts and the epoch's folder. False only for what stops the whole server. */
struct deployment *deploy_new(const struct deploy_options *options, struct err *err);
/* Starts every webapp in order, each on its own life-cycle thread. */
void deploy_start(struct deployment *d);
/* Stops all in reverse; no request runs any more. False: code of a webapp did not return and may still
 * run; what it may use, the engine too, has to stay until the process ends. */
bool deploy_stop(struct deployment *d);
void deploy_free(struct deployment **d); /* removes the epoch's folder */

/* Tells config/valve.h which valves the server modules of FOLDERS (ended by NULL) have, from their files
 * alone; before server.xml is read. A file that cannot be loaded is a mistake. */
void deploy_valve_tables(const char *const *folders, struct config_report *report);

/* `cserv configtest`, beyond what server_config_read_all tells: folders, webapps' web.xml and
 * META-INF/context.xml. Nothing is made or started. DEFAULTS: conf/web.xml; NULL: it has mistakes. */
void deploy_check(const struct server_config *config, const struct webxml *defaults,
                  struct config_report *report);
/* conf/web.xml into DEFAULTS, for webxml_free in any case, and whether the server module it needs for static
 * files is in FOLDERS, ended by NULL. False: it has mistakes. */
bool deploy_check_defaults(const char *base, const char *const *folders, struct webxml *defaults,
                           struct config_report *report);

struct deploy_count {
    uint32_t running, refused;
};
struct deploy_count deploy_count(struct deployment *d);
/* One line each: "path:state:sessions:docBase version note". False: out of memory. Any thread. */
bool deploy_list(struct deployment *d, struct buf *out);
/* One object each, as elements of the array that J is in. Any thread. */
void deploy_list_json(struct deployment *d, struct json *j);

#endif
