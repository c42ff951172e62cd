/* SPDX-License-Identifier: Apache-2.0
 * Server modules: every .so in the folders of modules, checked, copied, probed and loaded before any
 * webapp, on one life-cycle thread that lives as long as the server. A file that is refused is told and
 * left out: what needs it (a <Valve>, a servlet's class) says so itself. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/path.h"
#include "deploy/webapp_priv.h"
#include "engine/server_modules.h"
#include "loader/probe.h"
#include "observe/log.h"

#define HOOK_LIMIT_US 30000000u

static void refuse(const char *file, const struct err *err)
{
    char text[1024];
    LOG(deploy, LOG_ERROR, "the server module %s is left out: %s", file,
        err_text(err, text, sizeof(text)));
}

static bool is_loaded(const struct generation *g, const char *name)
{
    for (uint32_t i = 0; i < generation_module_count(g); i++) {
        if (strcmp(generation_module(g, i)->name, name) == 0)
            return true;
    }
    return false;
}

struct add_run {
    struct generation *generation;
    struct engine *engine;
    const char *mapped;
    const struct image *image;
    bool ok;
    struct err err;
};

static void add_body(void *arg)
{
    struct add_run *r = arg;
    r->ok = generation_add(r->generation, r->mapped, r->image, &r->err);
}

/* Its constructors were probed, so that they return is expected; one that does not ends the start. */
static bool add(struct deployment *d, const struct image *im, struct err *err)
{
    char name[128], mapped[600];
    struct buf said = BUF_EMPTY;
    snprintf(name, sizeof(name), "module-%u-%.16s", generation_module_count(d->modules), im->hash);
    bool ok = image_copy(im, d->epoch_dir, name, mapped, sizeof(mapped), err) &&
              probe_run(mapped, im->path, &said, err);
    buf_free(&said);
    if (!ok)
        return false;
    struct add_run r = {.generation = d->modules, .mapped = mapped, .image = im};
    if (generation_call(d->modules, add_body, &r, HOOK_LIMIT_US) == GENERATION_TIMEOUT) {
        d->modules_hang = true;
        return err_set(err, "its constructors did not return");
    }
    if (!r.ok)
        *err = r.err;
    return r.ok;
}

static void load_file(struct deployment *d, const char *file)
{
    struct err err = ERR_INIT;
    struct image im;
    if (!image_read(&im, file, &err)) {
        refuse(file, &err);
        return;
    }
    bool ok = (im.note.flags & CS_FLAG_SERVER) != 0;
    if (!ok) {
        err_set(&err, "%s is a webapp", file);
        err_hint(&err, "Put it into webapps/");
    } else if (is_loaded(d->modules, im.note.name)) {
        LOG(deploy, LOG_INFO, "%s is not loaded: the base has a module %s of its own", file,
            im.note.name);
    } else {
        ok = add(d, &im, &err);
    }
    if (!ok)
        refuse(file, &err);
    image_free(&im);
}

static bool load_folder(struct deployment *d, const char *folder, struct err *err)
{
    char **names, file[600];
    size_t count;
    if (!path_is_dir(folder))
        return true;
    if (!image_check_place(folder, "the folder", err) || !path_list(folder, &names, &count, err))
        return false;
    for (size_t i = 0; i < count && !d->modules_hang; i++) {
        if (names[i][0] != '.' && span_ends(span_of(names[i]), SPAN_LIT(".so")) &&
            path_join(file, sizeof(file), folder, names[i]))
            load_file(d, file);
    }
    path_names_free(&names, &count);
    return !d->modules_hang || err_set(err, "a server module in %s does not return", folder);
}

static void init_body(void *arg)
{
    struct add_run *r = arg;
    r->ok = server_modules_init(r->engine, &r->err);
}

bool modules_load(struct deployment *d, struct err *err)
{
    uint64_t since = clock_us();
    d->modules = generation_new("modules", 0, err);
    if (!d->modules)
        return false;
    for (const char *const *folder = d->options.module_folders; folder && *folder; folder++) {
        if (!load_folder(d, *folder, err))
            return false;
    }
    if (!engine_set_modules(d->options.engine, d->modules, d->options.base, d->options.server_name,
                            err))
        return false;
    struct add_run *r = calloc(1, sizeof(*r));
    if (!r)
        return err_set(err, "out of memory for the server modules");
    r->engine = d->options.engine;
    if (generation_call(d->modules, init_body, r, HOOK_LIMIT_US) == GENERATION_TIMEOUT) {
        d->modules_hang = true; /* R stays: its thread still uses it */
        return err_set(err, "the init hook of a server module did not return");
    }
    bool ok = r->ok;
    if (!ok)
        *err = r->err;
    free(r);
    uint32_t count = generation_module_count(d->modules);
    if (ok && count > 0)
        LOG(deploy, LOG_INFO, "%u server modules loaded in %llu ms", count,
            (unsigned long long)(clock_us() - since) / 1000);
    return ok;
}

static void end_body(void *arg)
{
    server_modules_end(arg);
}

void modules_end(struct deployment *d)
{
    if (!d->modules || d->modules_hang)
        return;
    if (generation_call(d->modules, end_body, d->options.engine, HOOK_LIMIT_US) == GENERATION_DONE)
        generation_end(&d->modules);
}
