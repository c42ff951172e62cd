/* SPDX-License-Identifier: Apache-2.0
 * Real modules for unit tests, made by the system's compiler from text in the test, as an author makes
 * them: public headers only. Never instrumented: a sanitizer build of the server takes plain modules, too.
 * One program includes it once. */
#ifndef SUPPORT_MODULE_MAKER_H
#define SUPPORT_MODULE_MAKER_H
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/path.h"

#define MAKER_HELLO                                                                               \
    "#include <cserv/servlet.h>\n"                                                                \
    "static int get(cs_request *q, cs_response *s) { (void)q; return cs_res_puts(s, \"hello\"); " \
    "}\n"                                                                                         \
    "static const cs_servlet rows[] = {{.name = \"hello\", .url_patterns = \"/hello /h/*\",\n"    \
    "                                   .get = get}};\n"                                          \
    "CS_WEBAPP(\"hello\", \"1.2.3\", .servlets = CS_ROWS(rows))\n"

static char maker_dir[128];

static inline int maker_setup(void **state)
{
    const char *tmp = getenv("TMPDIR");
    (void)state;
    snprintf(maker_dir, sizeof(maker_dir), "%s/cserv-module-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    return mkdtemp(maker_dir) ? 0 : -1;
}

static inline int maker_teardown(void **state)
{
    struct err err = ERR_INIT;
    (void)state;
    return path_remove_tree(maker_dir, &err) ? 0 : -1;
}

static inline const char *maker_path(const char *name) /* valid for four calls */
{
    static char paths[4][256];
    static unsigned turn;
    char *path = paths[turn++ % 4];
    snprintf(path, sizeof(paths[0]), "%s/%s", maker_dir, name);
    return path;
}

/* tests/support/module_maker.h is this file's place in the tree. */
static inline void maker_headers(char out[512])
{
    snprintf(out, 512, "%s", __FILE__);
    for (int up = 0; up < 3; up++) {
        char *slash = strrchr(out, '/');
        *(slash ? slash : out) = '\0';
    }
    snprintf(out + strlen(out), 512 - strlen(out), "/container/include");
}

/* Makes NAME.so of SOURCE; FLAGS come last, NULL: those of pkg-config --libs cserv. NULL: the compiler
 * refused, and said why on stderr. */
static inline const char *maker_build(const char *name, const char *source, const char *flags)
{
    char headers[512], usual[800], command[2400], file[300], c_name[64];
    maker_headers(headers);
    snprintf(usual, sizeof(usual),
             "-Wl,-z,defs -Wl,-z,now -Wl,--build-id -Wl,--version-script='%s/cserv/module.map'",
             headers);
    snprintf(c_name, sizeof(c_name), "%s.c", name);
    FILE *out = fopen(maker_path(c_name), "w");
    if (!out)
        return NULL;
    fputs(source, out);
    if (fclose(out) != 0)
        return NULL;
    snprintf(file, sizeof(file), "%s/%s.so", maker_dir, name);
    snprintf(command, sizeof(command),
             "umask 022 && cc -shared -fPIC -fvisibility=hidden -I'%s' '%s' -o '%s' %s", headers,
             maker_path(c_name), file, flags ? flags : usual);
    if (system(command) != 0)
        return NULL;
    snprintf(c_name, sizeof(c_name), "%s.so", name);
    return maker_path(c_name);
}

#endif
