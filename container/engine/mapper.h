/* SPDX-License-Identifier: Apache-2.0
 * Which servlet serves a path within a webapp: the servlet specification's rules (12.1, 12.2), each once.
 * Pure after it is built. Values are the caller's. */
#ifndef ENGINE_MAPPER_H
#define ENGINE_MAPPER_H
#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"

struct mapper;

enum mapper_match {
    MAPPER_NONE,
    MAPPER_CONTEXT_ROOT, /* "" */
    MAPPER_EXACT,
    MAPPER_PATH, /* "/x/" with a star */
    MAPPER_EXTENSION,
    MAPPER_DEFAULT, /* "/" */
    MAPPER_REDIRECT /* the context's root without its slash: redirect to it */
};
struct mapper_result {
    enum mapper_match match;
    void *value;
    struct span pattern;
    struct span path;         /* within the context; with the welcome file that was chosen */
    struct span servlet_path; /* spans of `path` */
    struct span path_info;    /* SPAN_NONE when there is none */
};

struct mapper *mapper_new(void);
void mapper_free(struct mapper **m);
/* Who has PATTERN, which is decoded text; NULL: nobody. */
void *mapper_owner(struct mapper *m, const char *pattern);
/* Gives PATTERN to VALUE, whoever had it. False: out of memory. */
bool mapper_set(struct mapper *m, const char *pattern, void *value);
bool mapper_pattern_ok(struct span pattern); /* "", "/", "*.x", "/..."; no CR, LF, NUL */
bool mapper_add_welcome(struct mapper *m, const char *name);

/* PATH is decoded, "" or begins with '/'. EXISTS says whether PATH is a file of the webapp (NULL: none
 * is). ARENA is for paths with welcome files. False: out of memory. */
bool mapper_map(const struct mapper *m, struct span path, struct arena *arena,
                bool (*exists)(void *arg, struct span path), void *arg, struct mapper_result *out);

/* Whether a filter's pattern matches PATH: as above, but "/" is only itself and "*" is everything. */
bool mapper_filter_matches(struct span pattern, struct span path);

#endif
