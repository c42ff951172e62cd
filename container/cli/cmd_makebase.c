/* SPDX-License-Identifier: Apache-2.0
 * `cserv makebase`: the folder of a new server. conf/server.xml is written last, so that a folder
 * in which something failed is not taken for a base. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/check.h"
#include "base/path.h"
#include "cli/answer.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/place.h"
#include "cli/template.h"

enum { TEMPLATE_MAX = 1 << 20 };

struct wish {
    const char *dir;
    int64_t port; /* -1: as in the shipped file */
    bool loopback, bare, json;
};

static bool too_long(struct err *err, const char *path)
{
    err_set(err, "the path is too long: %.200s...", path);
    return err_hint(err, "Paths have at most %d bytes", PATH_MAX - 1);
}

/* DIR may be missing or empty. */
static bool check_target(const char *dir, struct err *err)
{
    char **names;
    size_t count;
    if (!path_exists(dir))
        return true;
    if (place_is_base(dir)) {
        err_set(err, "%s is a base already; nothing was changed", dir);
        char word[400];
        return path_shell_word(dir, word, sizeof word) &&
               err_hint(err, "To start its server, type: cserv start -b %s", word);
    }
    if (!path_list(dir, &names, &count, err))
        return false;
    bool empty = count == 0;
    path_names_free(&names, &count);
    if (empty)
        return true;
    err_set(err, "%s is not empty and not a base; nothing was changed", dir);
    return err_hint(err, "Give the name of a new or an empty folder");
}

static bool make_folders(const char *dir, struct err *err)
{
    char folder[PATH_MAX];
    for (size_t i = 0; place_folders[i]; i++) {
        if (!path_join(folder, sizeof folder, dir, place_folders[i]))
            return too_long(err, dir);
        if (!path_make_dirs(folder, PATH_MODE_DIR, err))
            return false;
    }
    return true;
}

/* A folder with WEB-INF, or a .so file of which there is no folder of the same name. */
static bool is_webapp(const char *shipped, const char *name)
{
    char path[PATH_MAX], inside[PATH_MAX];
    if (name[0] == '.' || !path_join(path, sizeof path, shipped, name))
        return false;
    if (path_join(inside, sizeof inside, path, "WEB-INF") && path_is_dir(inside))
        return true;
    if (!span_ends(span_of(name), SPAN_LIT(".so")) || path_is_dir(path))
        return false;
    path[strlen(path) - 3] = '\0';
    return !path_is_dir(path);
}

static bool link_one(const char *shipped, const char *name, const char *webapps, struct err *err)
{
    char from[PATH_MAX], to[PATH_MAX];
    if (!path_join(from, sizeof from, shipped, name) || !path_join(to, sizeof to, webapps, name))
        return too_long(err, webapps);
    return symlink(from, to) == 0 || err_sys(err, errno, "cannot make the link %s", to);
}

static bool link_webapps(const struct place *place, const char *dir, size_t *linked,
                         struct err *err)
{
    char shipped[PATH_MAX], webapps[PATH_MAX], **names;
    size_t count;
    *linked = 0;
    if (!place_shipped(place, "webapps", shipped))
        return true; /* none were built or installed */
    if (!path_join(webapps, sizeof webapps, dir, "webapps"))
        return too_long(err, dir);
    if (!path_list(shipped, &names, &count, err))
        return false;
    bool ok = true;
    for (size_t i = 0; ok && i < count; i++) {
        if (!is_webapp(shipped, names[i]))
            continue;
        ok = link_one(shipped, names[i], webapps, err);
        *linked += ok ? 1 : 0;
    }
    path_names_free(&names, &count);
    return ok;
}

/* Replaces the content of XML. */
static bool set_attribute(struct buf *xml, const char *name, const char *value, struct err *err)
{
    struct buf edited = BUF_EMPTY;
    if (!template_set(buf_span(xml), name, value, &edited, err)) {
        buf_free(&edited);
        return false;
    }
    buf_free(xml);
    *xml = edited;
    return true;
}

/* conf/server.xml: the shipped one with what was wished. */
static bool write_server_xml(const char *conf, const struct wish *w, struct err *err)
{
    char file[PATH_MAX], port[32];
    struct buf xml = BUF_EMPTY;
    if (!path_join(file, sizeof file, conf, "server.xml"))
        return too_long(err, conf);
    snprintf(port, sizeof port, "%" PRId64, w->port);
    bool ok = path_read_file(file, TEMPLATE_MAX, &xml, err) &&
              (w->port < 0 || set_attribute(&xml, "port", port, err)) &&
              (!w->loopback || set_attribute(&xml, "address", "127.0.0.1", err));
    if (ok && !path_join(file, sizeof file, w->dir, "conf/server.xml"))
        ok = too_long(err, w->dir);
    ok = ok && path_write_file(file, buf_span(&xml), PATH_MODE_FILE, err);
    buf_free(&xml);
    return ok;
}

static bool copy_file(const char *from_dir, const char *name, const char *to_dir, struct err *err)
{
    char from[PATH_MAX], to[PATH_MAX];
    struct buf text = BUF_EMPTY;
    if (!path_join(from, sizeof from, from_dir, name) || !path_join(to, sizeof to, to_dir, name))
        return too_long(err, to_dir);
    bool ok = path_read_file(from, TEMPLATE_MAX, &text, err) &&
              path_write_file(to, buf_span(&text), PATH_MODE_FILE, err);
    buf_free(&text);
    return ok;
}

static bool write_config(const struct place *place, const struct wish *w, struct err *err)
{
    char conf[PATH_MAX], to[PATH_MAX], **names;
    size_t count;
    if (!place_shipped(place, "conf", conf)) {
        err_set(err, "the shipped conf/server.xml is not found beside the program (%s)",
                place->home);
        return err_hint(err, "Run the program from where it was built or installed");
    }
    if (!path_join(to, sizeof to, w->dir, "conf"))
        return too_long(err, w->dir);
    if (!path_list(conf, &names, &count, err))
        return false;
    bool ok = true;
    for (size_t i = 0; ok && i < count; i++)
        if (span_ends(span_of(names[i]), SPAN_LIT(".xml")) && strcmp(names[i], "server.xml") != 0)
            ok = copy_file(conf, names[i], to, err);
    path_names_free(&names, &count);
    return ok && write_server_xml(conf, w, err);
}

static int tell_made(const struct wish *w, const char *base, size_t linked)
{
    struct answer a;
    if (!w->json) {
        printf("made the base %s (%zu webapp%s linked in)\n", base, linked, linked == 1 ? "" : "s");
        return EXIT_DONE;
    }
    answer_begin(&a, base);
    json_int(&a.j, "webapps", (int64_t)linked);
    return answer_end(&a);
}

static int makebase(const struct wish *w, struct err *err)
{
    struct place place, made;
    size_t linked = 0;
    if (!place_resolve(&made, w->dir, err))
        return tell_error(err);
    if (!w->json)
        tell_base(made.base);
    if (!place_resolve(&place, NULL, err) || !check_target(w->dir, err) ||
        !make_folders(w->dir, err) || (!w->bare && !link_webapps(&place, w->dir, &linked, err)) ||
        !write_config(&place, w, err) || !place_resolve(&made, w->dir, err))
        return answer_error(made.base, w->json, err);
    return tell_made(w, made.base, linked);
}

int cmd_makebase(int argc, char **argv)
{
    struct wish w = {.port = -1};
    const char *base_option, *port = NULL;
    struct err err = ERR_INIT;
    const struct option options[] = {
        {"--port", "N", "the port to serve on (default: 8080; 0: any free one)", NULL, &port},
        {"--loopback", NULL, "serve this machine only (127.0.0.1)", &w.loopback, NULL},
        {"--bare", NULL, "no webapps", &w.bare, NULL},
        {"--json", NULL, JSON_DOC, &w.json, NULL},
    };
    const struct usage usage = {
        "makebase",
        "DIR",
        "Makes DIR the folder of a new server: conf, logs, temp, webapps, work "
        "and run, with\nthe webapps that come with cserv linked in.",
        options,
        ARRAY_COUNT(options),
        1};
    int code = options_parse(&usage, argc, argv, &base_option, &w.dir);
    if (code >= 0)
        return code;
    if (port && !option_number("--port", port, 0, 65535, &w.port, &err)) {
        (void)tell_error(&err);
        return EXIT_USAGE;
    }
    return makebase(&w, &err);
}
