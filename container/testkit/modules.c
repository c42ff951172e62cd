/* SPDX-License-Identifier: Apache-2.0
 * The modules of a tested webapp: those linked into the test, files, and rows without a module. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "loader/generation.h"
#include "testkit/testkit_priv.h"

bool work_folder(struct cs_test_app *a, struct err *err)
{
    const char *tmp = getenv("TMPDIR");
    if (a->work[0])
        return true;
    snprintf(a->work, sizeof(a->work), "%s/cserv-test-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (mkdtemp(a->work))
        return true;
    a->work[0] = '\0';
    err_set(err, "no folder can be made in %s", tmp && *tmp ? tmp : "/tmp");
    return err_hint(err, "Set TMPDIR to a folder that you may write to");
}

/* A module's file as the server takes it: checked, then a copy is opened, because one inode is loaded once
 * only. What a child process would find out (probe) the test itself does. */
static bool add_file(struct cs_test_app *a, struct generation *g, const char *file, bool server,
                     struct err *err)
{
    struct image im;
    char name[64], mapped[600];
    if (!work_folder(a, err) || !image_read(&im, file, err))
        return false;
    bool is_server = (im.note.flags & CS_FLAG_SERVER) != 0;
    bool ok = is_server == server;
    if (!ok) {
        err_set(err, "%s is a %s", file, is_server ? "server module" : "webapp");
        err_hint(err, "It belongs into %s of cs_test_options", is_server ? "server_file" : "file");
    }
    snprintf(name, sizeof(name), "%s%u", server ? "server" : "", generation_module_count(g));
    ok = ok && image_copy(&im, a->work, name, mapped, sizeof(mapped), err) &&
         generation_add(g, mapped, &im, err);
    image_free(&im);
    return ok;
}

static bool add_library(struct cs_test_app *a, const char *folder, struct err *err)
{
    char lib[PATH_MAX], file[PATH_MAX + 256], **names;
    size_t count;
    bool ok = true;
    snprintf(lib, sizeof(lib), "%s/WEB-INF/lib", folder);
    if (!path_is_dir(lib))
        return true;
    if (!path_list(lib, &names, &count, err))
        return false;
    for (size_t i = 0; ok && i < count; i++) {
        if (names[i][0] == '.' || !span_ends(span_of(names[i]), SPAN_LIT(".so")))
            continue;
        snprintf(file, sizeof(file), "%s/%s", lib, names[i]);
        ok = add_file(a, a->generation, file, false, err);
    }
    path_names_free(&names, &count);
    return ok;
}

bool modules_add(struct cs_test_app *a, struct err *err)
{
    const cs_test_options *o = &a->options;
    struct generation *g = a->generation;
    if (o->describe && !generation_adopt(g, o->describe(), "the tested module", err))
        return false;
    if (o->file && !add_file(a, g, o->file, false, err))
        return false;
    bool rows = o->servlets.count || o->filters.count || o->listeners.count;
    if (rows && !generation_adopt(g, &a->rows, "the tested rows", err))
        return false;
    return o->describe || o->file || rows || !a->folder || add_library(a, a->folder, err);
}

bool modules_add_server(struct cs_test_app *a, struct err *err)
{
    const cs_test_options *o = &a->options;
    /* Both descriptors begin alike (module.c), and `kind` tells which one it is. */
    const void *descriptor = o->describe_server ? o->describe_server() : NULL;
    if (o->describe_server &&
        !generation_adopt(a->server, descriptor, "the tested server module", err))
        return false;
    return !o->server_file || add_file(a, a->server, o->server_file, true, err);
}
