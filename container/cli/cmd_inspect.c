/* SPDX-License-Identifier: Apache-2.0
 * `cserv inspect FILE`: what a server would say of a module's file, without a server: the checks of the
 * file, the probe in a child, the tables. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "loader/image.h"
#include "loader/probe.h"

/* The probe maps a private copy, as the server does: FILE may be replaced meanwhile. */
static bool probe_copy(const struct image *im, struct buf *said, struct err *err)
{
    char dir[] = "/tmp/cserv-inspect-XXXXXX", path[600];
    if (!mkdtemp(dir))
        return err_set(err, "cannot make a folder in /tmp");
    bool ok = image_copy(im, dir, "inspected", path, sizeof(path), err);
    if (ok) {
        ok = probe_run(path, im->path, said, err);
        unlink(path);
    }
    rmdir(dir);
    return ok;
}

static int print_json(const struct image *im, struct span tables)
{
    struct buf out = BUF_EMPTY;
    struct json j = json_begin(&out);
    struct span line;
    json_group(&j, NULL, '{');
    json_string(&j, "file", span_of(im->path));
    json_string(&j, "name", span_of(im->note.name));
    json_string(&j, "version", span_of(im->note.version));
    json_int(&j, "abiMajor", im->note.abi_major);
    json_int(&j, "abiMinor", im->note.abi_minor);
    json_string(&j, "sha256", span_of(im->hash));
    json_group(&j, "tables", '[');
    while (span_split(&tables, '\n', &line)) {
        if (line.n > 0)
            json_string(&j, NULL, line);
    }
    json_group_end(&j, ']');
    json_group_end(&j, '}');
    if (j.ok)
        printf("%.*s\n", SPAN_ARG(buf_span(&out)));
    buf_free(&out);
    return j.ok ? EXIT_DONE : EXIT_REFUSED;
}

static int inspect(const char *file, bool json)
{
    struct image im;
    struct err err = ERR_INIT;
    struct buf said = BUF_EMPTY;
    int code = EXIT_DONE;
    if (!image_read(&im, file, &err))
        return tell_error(&err);
    if (!probe_copy(&im, &said, &err)) {
        code = tell_error(&err);
    } else if (json) {
        code = print_json(&im, buf_span(&said));
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
    const char *base, *file;
    const struct option options[] = {{"--json", NULL, "as one JSON object", &json, NULL}};
    const struct usage usage = {
        "inspect",
        "FILE",
        "Checks a module's file as the server would before it deploys it, and "
        "prints what it declares.\nIts code runs in a child process only.",
        options,
        1,
        1};
    int code = options_parse(&usage, argc, argv, &base, &file);
    return code >= 0 ? code : inspect(file, json);
}
