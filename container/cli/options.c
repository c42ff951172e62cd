/* SPDX-License-Identifier: Apache-2.0
 * Reads a command's arguments. Called by every cmd_*.c. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "base/span.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "config/schema.h"

enum { OPTIONS_MAX = 16 };

int tell_error(const struct err *e)
{
    char text[2304];
    fflush(stdout);
    fprintf(stderr, "cserv: %s\n", err_text(e, text, sizeof text));
    return EXIT_REFUSED;
}

void tell_base(const char *base)
{
    fprintf(stderr, "base: %s\n", base);
}

int tell_unknown(const char *what, const char *given, const char *const *known, size_t count)
{
    const char *nearest = schema_nearest(given, known, count);
    fprintf(stderr, "cserv: unknown %s \"%s\"", what, given);
    if (nearest)
        fprintf(stderr, "; did you mean \"%s\"?", nearest);
    fprintf(stderr, "\n");
    return EXIT_USAGE;
}

bool option_number(const char *name, const char *text, int64_t min, int64_t max, int64_t *out,
                   struct err *err)
{
    uint64_t n;
    if (span_to_u64(span_of(text), (uint64_t)max, &n) && (int64_t)n >= min) {
        *out = (int64_t)n;
        return true;
    }
    err_set(err, "%s: \"%s\" is not a whole number from %" PRId64 " to %" PRId64, name, text, min,
            max);
    return false;
}

static void print_option(const char *name, const char *argument, const char *doc)
{
    char left[64];
    snprintf(left, sizeof left, "%s%s%s", name, argument ? " " : "", argument ? argument : "");
    printf("  %-14s %s\n", left, doc);
}

static void print_help(const struct usage *u)
{
    printf("usage: cserv %s [-b DIR]%s%s%s\n\n%s\n\n", u->command, u->count ? " [options]" : "",
           u->words[0] ? " " : "", u->words, u->doc);
    for (size_t i = 0; i < u->count; i++)
        print_option(u->options[i].name, u->options[i].argument, u->options[i].doc);
    print_option("-b", "DIR", "the base (default: CSERV_BASE, else ../base beside the program)");
    print_option("--help", NULL, "this text");
}

static int wrong(const struct usage *u, const char *what, const char *which)
{
    fprintf(stderr, "cserv: %s %s%s; see \"cserv %s --help\"\n", u->command, what, which,
            u->command);
    return EXIT_USAGE;
}

static const struct option *find_option(const struct usage *u, struct span name)
{
    for (size_t i = 0; i < u->count; i++)
        if (span_eq(name, span_of(u->options[i].name)))
            return &u->options[i];
    return NULL;
}

static int unknown_option(const struct usage *u, const char *given)
{
    const char *known[OPTIONS_MAX];
    size_t n = 0;
    for (size_t i = 0; i < u->count && n < OPTIONS_MAX - 1; i++)
        known[n++] = u->options[i].name;
    known[n++] = "--help";
    (void)tell_unknown("option", given, known, n);
    return wrong(u, "was not run", "");
}

/* The option at argv[*i], and its value, which may be the next argument. */
static int take_option(const struct usage *u, int argc, char **argv, int *i, const char **base)
{
    char *text = argv[*i], *inside = strchr(text, '=');
    struct span name = inside ? span_make(text, (size_t)(inside - text)) : span_of(text);
    const char *value = inside ? inside + 1 : NULL;
    bool is_base = strcmp(text, "-b") == 0;
    const struct option *o = is_base ? NULL : find_option(u, name);
    if (!is_base && !o)
        return unknown_option(u, text);
    if (o && !o->argument) {
        if (value)
            return wrong(u, "takes no value for ", o->name);
        *o->flag = true;
        return -1;
    }
    if (!value && *i + 1 < argc)
        value = argv[++*i];
    if (!value || value[0] == '\0')
        return wrong(u, "needs a value for ", is_base ? "-b" : o->name);
    *(is_base ? base : o->value) = value;
    return -1;
}

int options_parse(const struct usage *u, int argc, char **argv, const char **base,
                  const char **words)
{
    size_t n = 0;
    bool only_words = false;
    *base = NULL;
    for (int i = 1; i < argc; i++) {
        if (!only_words && (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)) {
            print_help(u);
            return EXIT_DONE;
        }
        if (!only_words && strcmp(argv[i], "--") == 0) {
            only_words = true;
        } else if (!only_words && argv[i][0] == '-' && argv[i][1] != '\0') {
            int code = take_option(u, argc, argv, &i, base);
            if (code >= 0)
                return code;
        } else if (n == u->word_count) {
            return wrong(u, "does not take ", argv[i]);
        } else {
            words[n++] = argv[i];
        }
    }
    if (n < u->word_count)
        return wrong(u, "needs ", u->words);
    return -1;
}
