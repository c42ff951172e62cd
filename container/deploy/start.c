/* SPDX-License-Identifier: Apache-2.0
 * One webapp's start and stop: files checked and journalled, probed in a child, then load, init, start,
 * health on its own life-cycle thread, then requests get it. Any failure leaves the others alone. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/path.h"
#include "deploy/descriptor_files.h"
#include "deploy/webapp_priv.h"
#include "loader/probe.h"
#include "observe/log.h"

#define WEBXML_MAX (4u * 1024u * 1024u)

static const char *const state_names[] = {"new",     "starting", "running",
                                          "refused", "failed",   "stopped"};

const char *webapp_state_name(enum webapp_state s)
{
    return state_names[s];
}

static void set_state(struct deployment *d, struct webapp *w, enum webapp_state state)
{
    lock_acquire(&d->lock);
    w->state = state;
    lock_release(&d->lock);
}

/* ---- files ---- */

static bool read_image(struct webapp *w, const char *file, struct err *err)
{
    struct image *more = realloc(w->images, (w->image_count + 1) * sizeof(*more));
    if (!more)
        return err_set(err, "out of memory for %s", file);
    w->images = more;
    if (!image_read(&more[w->image_count], file, err))
        return false;
    w->image_count++;
    if (!(w->images[w->image_count - 1].note.flags & CS_FLAG_SERVER))
        return true;
    err_set(err, "%s is a server module, not a webapp", file);
    return err_hint(err, "Put it into modules/ and restart the server");
}

/* Who can replace a folder above a module can replace the module; web.xml says what is served. */
static bool check_places(const struct webapp *w, const char *webxml, struct err *err)
{
    char path[600];
    size_t parent = (size_t)(path_base(w->doc_base) - w->doc_base);
    snprintf(path, sizeof(path), "%.*s", (int)parent, w->doc_base);
    if (parent > 0 && !image_check_place(path, "the folder", err))
        return false;
    if (!image_check_place(w->doc_base, "the folder", err))
        return false;
    snprintf(path, sizeof(path), "%s/WEB-INF", w->doc_base);
    if (path_is_dir(path) && !image_check_place(path, "the folder", err))
        return false;
    return !*webxml || image_check_place(webxml, "the file", err);
}

static bool read_folder(struct webapp *w, struct err *err)
{
    char lib[600], file[1024], **names;
    size_t count;
    bool ok = true;
    if (!descriptor_find(w->doc_base, "WEB-INF/lib", lib, sizeof(lib), err))
        return false; /* a filter in it may protect */
    if (path_is_dir(lib)) {
        if (!path_list(lib, &names, &count, err))
            return false;
        for (size_t i = 0; ok && i < count; i++) {
            if (names[i][0] == '.' || !span_ends(span_of(names[i]), SPAN_LIT(".so")))
                continue;
            snprintf(file, sizeof(file), "%s/%s", lib, names[i]);
            ok = read_image(w, file, err);
        }
        path_names_free(&names, &count);
    }
    return ok;
}

static bool read_files(struct webapp *w, struct err *err)
{
    return w->kind == WEBAPP_FILE ? read_image(w, w->doc_base, err) : read_folder(w, err);
}

static void free_images(struct webapp *w)
{
    for (uint32_t i = 0; i < w->image_count; i++)
        image_free(&w->images[i]);
    free(w->images);
    w->images = NULL;
    w->image_count = 0;
}

/* One hash over all modules and web.xml. */
static bool hash_files(struct webapp *w, const char *webxml, struct err *err)
{
    struct buf all = BUF_EMPTY;
    bool ok = true;
    for (uint32_t i = 0; ok && i < w->image_count; i++)
        ok = buf_append_str(&all, w->images[i].hash);
    if (ok && *webxml)
        ok = path_read_file(webxml, WEBXML_MAX, &all, err);
    if (ok)
        image_hash(buf_span(&all), w->hash);
    buf_free(&all);
    return ok || (err->what[0] ? false : err_set(err, "out of memory for %s", w->doc_base));
}

/* ---- the journal's word ---- */

static bool refused_before(struct deployment *d, struct webapp *w, struct err *err)
{
    struct journal_entry last;
    if (!journal_open(&w->journal, d->options.base, w->host_name, w->name, err) ||
        !journal_read(&w->journal, &last, err))
        return false;
    bool same = strcmp(last.hash, w->hash) == 0;
    if (same && last.state == JOURNAL_TRYING && d->options.after_crash) {
        if (!journal_bad(&w->journal, w->hash, last.phase, err))
            return false;
        last.state = JOURNAL_BAD;
    }
    if (!same || last.state != JOURNAL_BAD)
        return true;
    err_set(err,
            "%s ended the server in its %s phase and is not tried again until its files change",
            w->doc_base, journal_phase_name(last.phase));
    return err_hint(err, "Deploy a mended file; `cserv probe` shows a crash in its constructors");
}

/* ---- copies and probe ---- */

static bool copy_and_probe(struct deployment *d, struct webapp *w, uint64_t number,
                           char (*paths)[600], struct err *err)
{
    for (uint32_t i = 0; i < w->image_count; i++) {
        char name[320];
        struct buf said = BUF_EMPTY;
        snprintf(name, sizeof(name), "%llu-%u-%.16s", (unsigned long long)number, i,
                 w->images[i].hash);
        bool ok = image_copy(&w->images[i], d->epoch_dir, name, paths[i], sizeof(paths[i]), err) &&
                  probe_run(paths[i], w->images[i].path, &said, err);
        buf_free(&said);
        if (!ok)
            return false;
    }
    return true;
}

/* ---- phases on the life-cycle thread ---- */

/* Malloced: when a phase does not return, its thread keeps using it. */
struct phase {
    struct webapp *w;
    struct generation *generation;
    struct app *app;
    const char *server_name;
    char (*paths)[600];
    bool (*app_phase)(struct app *a, struct err *err);
    uint32_t attempt;
    bool ok;
    struct err err;
};

static void load_body(void *arg)
{
    struct phase *p = arg;
    struct webapp *w = p->w;
    p->ok = true;
    for (uint32_t i = 0; p->ok && i < w->image_count; i++)
        p->ok = generation_add(p->generation, p->paths[i], &w->images[i], &p->err);
    if (p->ok)
        p->app = build_app(w, p->generation, w->has_xml ? &w->xml : NULL, p->server_name, &p->err);
    p->ok = p->ok && p->app;
}

static void app_body(void *arg)
{
    struct phase *p = arg;
    p->ok = p->app_phase(p->app, &p->err);
}

/* False: err; w->abandoned when the phase did not return (then nothing of it may be freed). */
static bool run_phase(struct phase *p, void (*body)(void *), enum journal_phase phase,
                      struct err *err)
{
    struct webapp *w = p->w;
    if (!journal_trying(&w->journal, w->hash, phase, err))
        return false;
    if (generation_call(w->generation, body, p, w->hook_us) == GENERATION_TIMEOUT) {
        w->abandoned = true;
        err_set(err, "%s did not return from its %s phase within %llu ms (hookTimeout)",
                w->doc_base, journal_phase_name(phase), (unsigned long long)w->hook_us / 1000);
        return err_hint(err, "It is abandoned; restart the server after mending it");
    }
    w->app = p->app;
    if (!p->ok)
        *err = p->err;
    return p->ok;
}

static bool run_phases(struct phase *p, struct err *err)
{
    if (!run_phase(p, load_body, JOURNAL_LOAD, err))
        return false;
    p->app_phase = app_init;
    if (!run_phase(p, app_body, JOURNAL_INIT, err))
        return false;
    p->app_phase = app_start;
    if (!run_phase(p, app_body, JOURNAL_START, err))
        return false;
    p->app_phase = app_health;
    return run_phase(p, app_body, JOURNAL_HEALTH, err);
}

/* ---- undoing ---- */

static void stop_body(void *arg)
{
    struct phase *p = arg;
    p->ok = app_stop(p->app, p->attempt);
}

static void destroy_body(void *arg)
{
    struct phase *p = arg;
    app_destroy_all(p->app);
}

static bool stop_attempts(struct webapp *w, struct phase *p)
{
    uint64_t deadline = clock_us() + w->stop_us;
    for (p->attempt = 1;; p->attempt++) {
        uint64_t now = clock_us();
        if (now >= deadline)
            break;
        if (generation_call(w->generation, stop_body, p, deadline - now) == GENERATION_TIMEOUT)
            return false;
        if (p->ok)
            return true;
        struct timespec pause = {0, 20000000}; /* between two questions to the stop hook */
        nanosleep(&pause, NULL);
    }
    LOG(deploy, LOG_WARN,
        "%s: the stop hook says \"not yet\" for longer than %llu ms (stopTimeout)", w->doc_base,
        (unsigned long long)w->stop_us / 1000);
    return true;
}

/* Ends what was started. False: it hangs; its memory and code stay. */
static bool take_down(struct webapp *w)
{
    struct phase *p = calloc(1, sizeof(*p));
    bool ended = p != NULL;
    if (p)
        p->app = w->app;
    if (ended && w->app)
        ended = stop_attempts(w, p) && app_end_background(w->app, w->stop_us) &&
                generation_call(w->generation, destroy_body, p, w->stop_us) == GENERATION_DONE;
    if (ended && w->app)
        app_free(&w->app);
    if (ended)
        free(p);
    else
        LOG(deploy, LOG_ERROR, "%s does not end: its code and threads are left as they are",
            w->doc_base);
    w->abandoned = !ended;
    if (ended && w->generation)
        generation_end(&w->generation);
    w->app = NULL;
    return ended;
}

/* ---- start ---- */

static bool start_code(struct deployment *d, struct webapp *w, struct err *err)
{
    uint64_t number = ++d->next_generation;
    struct phase *p = calloc(1, sizeof(*p));
    char(*paths)[600] = calloc(w->image_count + 1, sizeof(*paths));
    bool ok = p && paths;
    if (!ok)
        err_set(err, "out of memory for %s", w->doc_base);
    ok = ok && journal_trying(&w->journal, w->hash, JOURNAL_LOAD, err) &&
         copy_and_probe(d, w, number, paths, err) && temp_folder_make(d, w, err);
    if (ok)
        w->generation = generation_new(w->name, number, err);
    if (ok && w->generation) {
        *p = (struct phase){.w = w,
                            .generation = w->generation,
                            .server_name = d->options.server_name,
                            .paths = paths};
        ok = run_phases(p, err);
    }
    ok = ok && w->generation;
    if (!w->abandoned) {
        free(p);
        free(paths);
    }
    return ok;
}

/* WEB-INF/web.xml, when there is one, over conf/web.xml, when there is one. */
static bool take_xml(struct deployment *d, struct webapp *w, const char *file, struct err *err)
{
    if (!file[0])
        webxml_empty(&w->xml);
    else if (!webxml_read(&w->xml, file, err))
        return false;
    w->has_xml = true;
    return webxml_merge(&w->xml, &d->defaults, err);
}

static bool prepare(struct deployment *d, struct webapp *w, struct err *err)
{
    char file[600] = "";
    if (w->kind == WEBAPP_FOLDER &&
        (!descriptor_find(w->doc_base, "WEB-INF/web.xml", file, sizeof(file), err) ||
         !descriptor_refuse_foreign(w->doc_base, err)))
        return false;
    if (!read_files(w, err) || (w->kind == WEBAPP_FOLDER && !check_places(w, file, err)) ||
        !hash_files(w, file, err) || !refused_before(d, w, err))
        return false;
    return take_xml(d, w, file, err);
}

static void serve(struct deployment *d, struct webapp *w, uint64_t since)
{
    struct err err = ERR_INIT;
    if (!journal_serving(&w->journal, w->hash, &err))
        log_err(LOG_ROOM_deploy, LOG_WARN, &err);
    lock_acquire(&d->lock);
    w->state = WEBAPP_RUNNING;
    snprintf(w->module_version, sizeof(w->module_version), "%s", app_version(w->app));
    lock_release(&d->lock);
    CHECK(context_switch(w->context, w->app) == NULL);
    LOG(deploy, LOG_INFO, "the webapp %s (%s %s) started in %llu ms", *w->path ? w->path : "/",
        w->doc_base, app_version(w->app), (unsigned long long)(clock_us() - since) / 1000);
}

static void free_sources(struct webapp *w)
{
    if (w->has_xml)
        webxml_free(&w->xml);
    w->has_xml = false;
    free_images(w);
}

/* The journal's word stays "trying" for what was abandoned: it may still end the process. */
static void start_failed(struct deployment *d, struct webapp *w, const struct err *err)
{
    struct err ignored = ERR_INIT;
    bool ran = w->generation != NULL;
    if (!w->abandoned) {
        journal_stopped(&w->journal, &ignored); /* it failed in an orderly way */
        if (ran)
            take_down(w);
    }
    webapp_refuse(d, w, ran ? WEBAPP_FAILED : WEBAPP_REFUSED, err);
}

void webapp_start(struct deployment *d, struct webapp *w)
{
    struct err err = ERR_INIT;
    uint64_t since = clock_us();
    set_state(d, w, WEBAPP_STARTING);
    if (!prepare(d, w, &err))
        webapp_refuse(d, w, WEBAPP_REFUSED, &err);
    else if (start_code(d, w, &err))
        serve(d, w, since);
    else
        start_failed(d, w, &err);
    if (!w->abandoned)
        free_sources(w);
}

void webapp_stop(struct deployment *d, struct webapp *w)
{
    struct err err = ERR_INIT;
    if (w->state == WEBAPP_RUNNING) {
        struct app *app = context_switch(w->context, NULL);
        CHECK(engine_quiet(d->options.engine, app));
        w->abandoned = !app_end_asyncs(app, w->stop_us);
        if (!w->abandoned)
            take_down(w);
        set_state(d, w, WEBAPP_STOPPED);
    } else if (!w->abandoned) {
        return;
    }
    if (!journal_stopped(&w->journal, &err))
        log_err(LOG_ROOM_deploy, LOG_WARN, &err);
}
