/* SPDX-License-Identifier: Apache-2.0
 * `cserv inspect FILE`: what a server would say of a module's file, without a server: the checks of the
 * file, the probe in a child, the tables. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/path.h"
#include "cli/answer.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/place.h"
#include "loader/image.h"
#include "loader/probe.h"

/* The probe maps a private copy, as the server does: FILE may be replaced meanwhile. The copy must be
 * where code may be executed from, so the folder can be chosen. */
static bool probe_copy(const struct image *im, struct buf *said, struct err *err)
{
    const char *parent = getenv("TMPDIR");
    char dir[PATH_MAX], path[PATH_MAX];
    if (!parent || parent[0] == '\0')
        parent = "/tmp";
    if (!path_join(dir, sizeof(dir), parent, "cserv-inspect-XXXXXX"))
        return err_set(err, "TMPDIR is too long for a path");
    if (!mkdtemp(dir)) {
        err_sys(err, errno, "cannot make a folder for the copy of the module in %s", parent);
        return err_hint(err, "TMPDIR names another folder");
    }
    bool ok = image_copy(im, dir, "inspected", path, sizeof(path), err);
    if (ok) {
        ok = probe_run(path, im->path, said, err);
        unlink(path);
    }
    rmdir(dir);
    return ok;
}

static int print_json(const char *base, const struct image *im, struct span tables)
{
    struct answer a;
    struct span line;
    answer_begin(&a, base);
    json_string(&a.j, "file", span_of(im->path));
    json_string(&a.j, "name", span_of(im->note.name));
    json_string(&a.j, "version", span_of(im->note.version));
    json_int(&a.j, "abiMajor", im->note.abi_major);
    json_int(&a.j, "abiMinor", im->note.abi_minor);
    json_string(&a.j, "sha256", span_of(im->hash));
    json_group(&a.j, "tables", '[');
    while (span_split(&tables, '\n', &line)) {
        if (line.n > 0)
            json_string(&a.j, NULL, line);
    }
    json_group_end(&a.j, ']');
    return answer_end(&a);
}

static int inspect(const char *base, const char *file, bool json)
{
    struct image im;
    struct err err = ERR_INIT;
    struct buf said = BUF_EMPTY;
    int code = EXIT_DONE;
    if (!image_read(&im, file, &err))
        return answer_error(base, json, &err);
    if (!probe_copy(&im, &said, &err)) {
        code = answer_error(base, json, &err);
    } else if (json) {
        code = print_json(base, &im, buf_span(&said));
    } else {
        printf("%s: module %s %s, API %u.%u, sha256 %s\n%.*s", file, im.note.name, im.note.version,
               im.note.abi_major, im.note.abi_minor, im.hash, SPAN_ARG(buf_span(&said)));
    }
    buf_free(&said);
    image_free(&im);
    return code;
}

int cmd_inspect(int argc, char **argv)
{
    bool json = false;
    const char *base_option, *file;
    struct place place;
    struct err err = ERR_INIT;
    const struct option options[] = {{"--json", NULL, JSON_DOC, &json, NULL}};
    const struct usage usage = {
        "inspect",
        "FILE",
        "Checks a module's file as the server would before it deploys it, and "
        "prints what it declares.\nIts code runs in a child process only.",
        options,
        1,
        1};
    int code = options_parse(&usage, argc, argv, &base_option, &file);
    if (code >= 0)
        return code;
    if (!place_resolve(&place, base_option, &err))
        return tell_error(&err);
    if (!json)
        tell_base(place.base);
    return inspect(place.base, file, json);
}
