/* SPDX-License-Identifier: Apache-2.0
 * A built webapp: registrations of servlets and filters over the modules of one generation, its mapper,
 * its life. Built by deploy from web.xml and the modules' tables, on the life-cycle thread. */
#ifndef ENGINE_APP_H
#define ENGINE_APP_H
#include <cserv/servlet.h>

#include "base/arena.h"
#include "base/err.h"
#include "loader/generation.h"

struct app;
struct context;

struct app_param {
    const char *name, *value;
};
struct multipart_config {
    bool set;
    const char *location;                    /* "": the webapp's temporary folder */
    int64_t max_file_size, max_request_size; /* bytes; -1: no limit */
    int64_t file_size_threshold;             /* bytes */
};
struct app_servlet_spec { /* one registration; copied */
    const char *name;
    const char *file; /* where it is declared, for messages */
    int line;         /* 0: not a text file */
    const cs_servlet *row;
    uint32_t module; /* of the generation */
    int64_t load_on_startup;
    bool async_supported;
    bool disabled; /* never initialised; answers 404 */
    struct multipart_config multipart;
    const struct app_param *params;
    uint32_t param_count;
    const char *const *patterns;
    uint32_t pattern_count;
    uint32_t
        default_count; /* so many at the end are conf/web.xml's: what the webapp registers may take them */
};
struct app_filter_spec {
    const char *name;
    const char *file; /* as of a servlet */
    int line;
    const cs_filter *row;
    uint32_t module;
    bool async_supported;
    const struct app_param *params;
    uint32_t param_count;
};
struct app_filter_mapping_spec { /* one pattern or one servlet name */
    const char *filter;
    const char *url_pattern;  /* NULL: by servlet name */
    const char *servlet_name; /* "*": every servlet */
    uint32_t dispatchers;     /* CS_DISPATCH_ bits */
    bool late;        /* init may register that servlet: its name is looked up at the end of it */
    const char *file; /* where it is declared, for messages; NULL: in the code */
    int line;
};

/* Rows for servlets that cannot be run: a class that needs a Java virtual machine, every request is
 * answered with 501; and that of static files without its module, 404. Their module number is 0. */
extern const cs_servlet app_not_implemented, app_no_files;

/* CONTEXT names it; DOC_BASE: its folder, "" for a single file. NULL: err. */
struct app *app_new(struct context *context, struct generation *generation,
                    const char *display_name, const char *doc_base, const char *server_name,
                    struct err *err);
bool app_add_servlet(struct app *a, const struct app_servlet_spec *spec, struct err *err);
bool app_add_filter(struct app *a, const struct app_filter_spec *spec, struct err *err);
bool app_add_filter_mapping(struct app *a, const struct app_filter_mapping_spec *spec,
                            struct err *err);
/* A row that is there already stays where it is. */
bool app_add_listener(struct app *a, const cs_listener *row, uint32_t module, struct err *err);
/* A <mime-mapping>; EXTENSION in any case, without a dot. Of one that comes twice the first counts. */
bool app_add_mime(struct app *a, const char *extension, const char *type, struct err *err);
/* A <context-param>, an <env-entry>; of a name that comes twice the first counts. */
bool app_add_context_param(struct app *a, const char *name, const char *value, struct err *err);
bool app_add_env(struct app *a, const char *name, const char *value, struct err *err);
/* Absolute path of a folder that is there. */
bool app_set_temp_folder(struct app *a, const char *folder, struct err *err);
/* An <error-page>: for a status, for a CS_E code, for everything else (both 0). LOCATION begins with a slash. */
bool app_add_error_page(struct app *a, unsigned code, int cs_code, const char *location,
                        struct err *err);
/* failCtxIfServletStartFails: a servlet whose init fails fails the webapp; else it answers 503. */
void app_servlets_must_start(struct app *a, bool must);
/* NULL: not given. */
bool app_set_encodings(struct app *a, const char *request, const char *response, struct err *err);
bool app_add_welcome_file(struct app *a, const char *name, struct err *err);

/* A row's limits. */
struct multipart_config app_multipart(const cs_multipart *row);
/* Blank-separated TEXT (NULL: none) to an array in ARENA; "" is one empty word. False: out of memory. */
bool app_split_words(struct arena *arena, const char *text, const char ***out, uint32_t *count);

/* The phases, each on the life-cycle thread. A failing one ends the start: then app_stop undoes what was
 * done. */
bool app_init(struct app *a, struct err *err); /* hooks, listeners, filters, servlets */
bool app_start(struct app *a, struct err *err);
bool app_health(struct app *a, struct err *err);
/* One attempt; true: every module's stop hook is done (or app_init never got that far). */
bool app_stop(struct app *a, uint32_t attempt);
/* Between the two: nothing runs beside the requests any more. Its threads are told and joined. False: after
 * LIMIT_US one of them still runs, which the log names; nothing of A may be freed. */
bool app_end_background(struct app *a, uint64_t limit_us);
/* Servlets, filters, listeners, cleanups, destroy hooks, in reverse. */
void app_destroy_all(struct app *a);
void app_free(struct app **a);

/* Asks the asynchronous requests of A to end, and ends them after LIMIT_US. No request gets A any more. False:
 * threads of the webapp are inside of some and do not leave; nothing of A may be freed. */
bool app_end_asyncs(struct app *a, uint64_t limit_us);

/* The generation's modules, then the server's: what `module` in the specs counts. */
uint32_t app_module_count(const struct app *a);
const struct module *app_module_at(const struct app *a, uint32_t i);

/* The handle that the code of module I gets. */
cs_ctx *app_ctx(struct app *a, uint32_t i);

struct generation *app_generation(const struct app *a);
const char *app_name(const struct app *a); /* display name, else the first module's */
const char *app_version(const struct app *a);

#endif
