/* SPDX-License-Identifier: Apache-2.0
 * Compiling an access log's pattern into elements. What would not work is refused here, with its place
 * and what there is instead. Called by access_log.c for configtest and when a log is opened. */
#include <stdio.h>
#include "base/check.h"
#include "observe/access_priv.h"

const struct access_row access_rows[ACCESS_CODE_COUNT] = {
#define X(name, letter, argument, key, text) [ACCESS_CODE_##name] = {letter, argument, key, text},
#include "observe/access_codes.def"
#undef X
};

static const char common[] = "%h %l %u %t \"%r\" %s %b";
static const char combined[] = "%h %l %u %t \"%r\" %s %b \"%{Referer}i\" \"%{User-Agent}i\"";

static bool no_memory(struct err *err)
{
    return err_set(err, "out of memory for an access log's pattern");
}

bool access_pattern_add(struct access_pattern *p, struct access_element e, struct err *err)
{
    if (p->count == p->room) {
        uint32_t room = p->room ? p->room * 2 : 32;
        struct access_element *more = arena_zalloc(&p->arena, room * sizeof(*more));
        if (!more)
            return no_memory(err);
        if (p->count > 0)
            memcpy(more, p->v, p->count * sizeof(*more));
        p->v = more;
        p->room = room;
    }
    p->v[p->count++] = e;
    return true;
}

bool access_pattern_literal(struct access_pattern *p, struct span text, struct err *err)
{
    if (text.n == 0)
        return true;
    struct span copy = arena_copy(&p->arena, text);
    if (!copy.p)
        return no_memory(err);
    return access_pattern_add(p, (struct access_element){.code = ACCESS_CODE_literal, .text = copy},
                              err);
}

/* ---- one code ---- */

/* "%a, %{remote}a, %{peer}a" into OUT: those of LETTER, or of all when it is 0. */
static void list_codes(char letter, char *out, size_t size)
{
    size_t n = 0;
    out[0] = '\0';
    for (int i = ACCESS_CODE_literal + 1; i < ACCESS_CODE_COUNT && n < size; i++) {
        const struct access_row *r = &access_rows[i];
        const char *comma = n > 0 ? " " : "";
        if (letter != 0 && r->letter != letter)
            continue;
        const char *name = r->argument && *r->argument == '*' ? "name" : r->argument;
        int more = name ? snprintf(out + n, size - n, "%s%%{%s}%c", comma, name, r->letter)
                        : snprintf(out + n, size - n, "%s%%%c", comma, r->letter);
        n += more > 0 ? (size_t)more : 0;
    }
}

static bool unknown(char letter, struct span written, size_t at, struct err *err)
{
    char known[500];
    list_codes(letter, known, sizeof(known));
    if (!known[0])
        list_codes(letter = 0, known, sizeof(known));
    err_set(err, "%.*s at character %zu of the pattern is no code of an access log",
            SPAN_ARG(written), at + 1);
    return err_hint(err, "%s: %s%s", letter ? "With this letter there are" : "There are", known,
                    letter ? "" : " %%");
}

static enum access_code find_code(char letter, struct span argument)
{
    for (int i = ACCESS_CODE_literal + 1; i < ACCESS_CODE_COUNT; i++) {
        const struct access_row *r = &access_rows[i];
        if (r->letter != letter || (r->argument == NULL) != (argument.p == NULL))
            continue;
        if (!r->argument || span_eq(argument, span_of(r->argument)) ||
            (strcmp(r->argument, "*") == 0 && argument.n > 0))
            return (enum access_code)i;
    }
    return ACCESS_CODE_COUNT;
}

/* "begin:msec", "end", "yyyy-MM-dd" */
static bool compile_time(struct access_pattern *p, struct access_element *e, size_t at,
                         struct err *err)
{
    struct access_time *t = arena_zalloc(&p->arena, sizeof(*t));
    struct span rest = e->text, prefix = span_cut(rest, 0, span_find(rest, 0, ':'));
    if (!t)
        return no_memory(err);
    t->begin = span_eq(prefix, SPAN_LIT("begin"));
    if (t->begin || span_eq(prefix, SPAN_LIT("end")))
        rest = span_from(rest, prefix.n + 1);
    t->moment = span_eq(rest, SPAN_LIT("sec"))         ? ACCESS_SECONDS
                : span_eq(rest, SPAN_LIT("msec"))      ? ACCESS_MILLIS
                : span_eq(rest, SPAN_LIT("msec_frac")) ? ACCESS_MILLIS_OF_SECOND
                                                       : ACCESS_DATE;
    e->time = t;
    if (t->moment != ACCESS_DATE || date_pattern_parse(rest, &t->date, err))
        return true;
    struct err inner = *err;
    err_set(err, "%%{%.*s}t at character %zu of the pattern is no date", SPAN_ARG(e->text), at + 1);
    err_why(err, "%s", inner.what);
    return err_hint(err, "%s; sec, msec and msec_frac stand alone", inner.hint);
}

/* The code whose '%' is at *I; *I becomes the index behind it. */
static bool compile_code(struct access_pattern *p, struct span text, size_t *i, struct err *err)
{
    size_t at = *i, letter = at + 1;
    struct span argument = SPAN_NONE;
    if (letter < text.n && text.p[letter] == '{') {
        size_t end = span_find(text, letter, '}');
        if (end == text.n)
            return err_set(err, "the { at character %zu of the pattern has no }", letter + 1);
        argument = span_cut(text, letter + 1, end - letter - 1);
        letter = end + 1;
    }
    if (letter >= text.n)
        return err_set(
            err, "the pattern ends within a code: nothing follows the %% at character %zu", at + 1);
    *i = letter + 1;
    if (text.p[letter] == '%' && !argument.p)
        return access_pattern_literal(p, SPAN_LIT("%"), err);
    struct access_element e = {.code = find_code(text.p[letter], argument)};
    if (e.code == ACCESS_CODE_COUNT)
        return unknown(text.p[letter], span_cut(text, at, *i - at), at, err);
    if (argument.p && !(e.text = arena_copy(&p->arena, argument)).p)
        return no_memory(err);
    if (e.code == ACCESS_CODE_time_by_pattern && !compile_time(p, &e, at, err))
        return false;
    return access_pattern_add(p, e, err);
}

static bool compile_text(struct access_pattern *p, struct span text, struct err *err)
{
    for (size_t i = 0; i < text.n;) {
        size_t percent = span_find(text, i, '%');
        if (!access_pattern_literal(p, span_cut(text, i, percent - i), err))
            return false;
        i = percent;
        if (i < text.n && !compile_code(p, text, &i, err))
            return false;
    }
    return true;
}

/* ---- the whole ---- */

static bool is_json_alone(const struct access_pattern *p, struct err *err)
{
    for (uint32_t i = 0; i < p->count; i++)
        if (p->v[i].code != ACCESS_CODE_literal)
            return true;
    return err_set(err, "the pattern of a JSON access log needs at least one code");
}

bool access_pattern_make(struct access_pattern *p, const struct access_log_options *options,
                         struct err *err)
{
    struct span text = span_of(options->pattern);
    *p = (struct access_pattern){.json = options->form == ACCESS_JSON,
                                 .attributes = options->request_attributes_enabled,
                                 .canonical = options->ipv6_canonical};
    arena_init(&p->arena);
    if (span_eq(text, SPAN_LIT("common")))
        text = span_of(common);
    else if (span_eq(text, SPAN_LIT("combined")))
        text = span_of(combined);
    if (text.n == 0)
        return err_set(err, "the pattern of an access log is empty");
    if (!compile_text(p, text, err) || (p->json && !is_json_alone(p, err)))
        return false;
    if (p->json) {
        struct access_element *v = p->v;
        uint32_t count = p->count;
        p->v = NULL;
        p->count = p->room = 0;
        if (!access_json_make(p, v, count, err))
            return false;
    }
    return access_encode_literals(p, options->encoding, err) &&
           access_pattern_literal(p, SPAN_LIT("\n"), err);
}

void access_pattern_end(struct access_pattern *p)
{
    arena_destroy(&p->arena);
}
