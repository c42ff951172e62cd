/* SPDX-License-Identifier: Apache-2.0
 * Inside the deploy room: one webapp from its files to its end. */
#ifndef DEPLOY_WEBAPP_PRIV_H
#define DEPLOY_WEBAPP_PRIV_H
#include "base/lock.h"
#include "config/webxml.h"
#include "deploy/deploy.h"
#include "engine/app.h"
#include "loader/journal.h"

enum webapp_state {
    WEBAPP_NEW,
    WEBAPP_STARTING,
    WEBAPP_RUNNING,
    WEBAPP_REFUSED, /* its files were refused: none of its code was kept */
    WEBAPP_FAILED,  /* its code failed or did not return */
    WEBAPP_STOPPED
};
enum webapp_kind { WEBAPP_FILE, WEBAPP_FOLDER };

struct webapp {
    struct webapp *next;
    struct engine_host *host;
    const struct host_config *host_config;
    const char *host_name;
    char name[256];     /* of its file or folder, without ".so": "a#b##2" */
    char path[256];     /* "" or "/a/b" */
    char version[64];   /* what follows "##"; "" when nothing does */
    char doc_base[512]; /* file or folder */
    char temp_folder[1024];
    enum webapp_kind kind;
    uint64_t hook_us, stop_us;
    struct engine_share share;
    struct context *context; /* NULL: refused before it had one */
    /* under the deployment's lock, for the list */
    enum webapp_state state;
    char note[1024];
    char module_version[32];
    /* the thread that starts and stops it */
    struct journal journal;
    struct image *images;
    uint32_t image_count;
    char hash[IMAGE_HASH_SIZE]; /* over all its files */
    bool has_xml; /* xml is filled: WEB-INF/web.xml over conf/web.xml, or the latter alone */
    struct webxml xml;
    struct context_file context_file;    /* META-INF/context.xml; empty without one */
    const struct context_config *config; /* of server.xml, of that file, or the host's defaults */
    struct generation *generation;
    struct app *app;
    bool abandoned; /* its code did not return: the thread that runs it may use everything above */
};

struct deployment {
    struct deploy_options options;
    struct webapp *webapps, **end; /* in order of start */
    struct webxml defaults;        /* conf/web.xml; empty without one */
    struct context_config context_defaults;
    char epoch_dir[512];
    int epoch_lock;
    uint64_t next_generation;
    struct generation *modules; /* the server modules */
    bool modules_hang;          /* code of theirs did not return */
    struct access_log **access; /* all access logs, and the lists the engine got of them */
    struct access_logs **access_lists;
    size_t access_count, access_list_count;
    struct lock lock;
};

/* plan.c: conf/web.xml. False: it has a mistake, which would be one of every webapp. */
bool plan_defaults(struct deployment *d, struct err *err);
/* What is in CONFIG's hosts, as new webapps in d. */
bool plan_host(struct deployment *d, const struct host_config *config, struct engine_host *host,
               struct err *err);
void webapp_refuse(struct deployment *d, struct webapp *w, enum webapp_state state,
                   const struct err *why);

/* Where the names of mappings are looked for, in messages. */
#define WEBAPP_NAMES "of this file, of conf/web.xml or of a module's table"

/* build.c: on the life-cycle thread: registrations of GENERATION's modules and of XML, which is merged
 * with conf/web.xml already (NULL: neither is there). */
struct app *build_app(const struct webapp *w, struct generation *generation,
                      const struct webxml *xml, const char *server_name, struct err *err);

/* temp_folder.c: sets w->temp_folder to a folder that is there and empty. */
bool temp_folder_make(const struct deployment *d, struct webapp *w, struct err *err);

/* start.c */
void webapp_start(struct deployment *d, struct webapp *w);
void webapp_stop(struct deployment *d, struct webapp *w);
const char *webapp_state_name(enum webapp_state s);

/* modules.c: the server modules, before any webapp; their end, after all. */
bool modules_load(struct deployment *d, struct err *err);
void modules_end(struct deployment *d);

/* default_servlet.c: what conf/web.xml names as the class of the servlet of static files. */
bool default_servlet_class(const char *class);
/* WARN when conf/web.xml has that servlet and no server module of D, or none in FOLDERS, has its row. */
void default_servlet_check(const struct deployment *d);
void default_servlet_check_files(const struct webxml *defaults, const char *const *folders);

/* valve_tables.c: a server module that is called NAME lies in one of FOLDERS, ended by NULL. Runs no code. */
bool modules_have(const char *const *folders, const char *name);

/* valves.c: the valves of LIST for the whole engine (HOST and CONTEXT NULL), for HOST or for CONTEXT. */
bool valves_add(struct deployment *d, const struct valve_config *list, struct engine_host *host,
                struct context *context, struct err *err);

/* access.c: the access logs in LIST, for CONTEXT, else HOST, else the engine. */
bool access_open(struct deployment *d, const struct valve_config *list, struct engine_host *host,
                 struct context *context, struct err *err);
void access_close(struct deployment *d);

/* epoch.c: work/<n>/ with a lock file; those of dead containers are removed. */
bool epoch_open(struct deployment *d, struct err *err);
void epoch_close(struct deployment *d);

#endif
