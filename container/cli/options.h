/* SPDX-License-Identifier: Apache-2.0
 * A command's arguments by table, its --help made from the same table, and how a command tells an
 * error. Every command takes -b DIR and --help besides its own options. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H
#include <stdint.h>
#include "base/err.h"

struct option {
    const char *name;     /* "--port" */
    const char *argument; /* "N"; NULL: a flag */
    const char *doc;      /* one line */
    bool *flag;           /* set to true, when argument is NULL */
    const char **value;   /* set to the text, else; "--port N" and "--port=N" */
};
struct usage {
    const char *command; /* "makebase" */
    const char *words;   /* "DIR"; "" */
    const char *doc;     /* what it does: a few sentences, lines broken */
    const struct option *options;
    size_t count;
    size_t word_count; /* how many words it takes: exactly */
};

/* -1: go on; BASE has -b's text or NULL, WORDS the words. Else the exit code: --help was printed,
 * or what is wrong was told. */
int options_parse(const struct usage *u, int argc, char **argv, const char **base,
                  const char **words);

/* Tells E on stderr. Returns 1, so that it can end a command. */
int tell_error(const struct err *e);
/* "base: DIR" on stderr, for commands that print data. */
void tell_base(const char *base);
/* Tells how a word is wrong (with the nearest KNOWN one) on stderr. Returns 2. */
int tell_unknown(const char *what, const char *given, const char *const *known, size_t count);
/* A whole number from text; err_set names the option. */
bool option_number(const char *name, const char *text, int64_t min, int64_t max, int64_t *out,
                   struct err *err);

#endif
