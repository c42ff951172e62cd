/* SPDX-License-Identifier: Apache-2.0
 * The Range field as modules/default reads it: what it says of a file is never outside of it and never
 * twice, and for small files it is byte for byte what a plain reading of RFC 9110 section 14 says. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ranges.h"

#define SMALL     256
#define FIELD_MAX 2048u

static const int64_t sizes[] = {10, 0, 1, 2, 100, SMALL, INT64_C(5000000000), INT64_MAX};

/* ---- the plain reading ---- */

struct plain {
    bool bytes[SMALL];
    bool any;     /* one of them */
    bool nothing; /* a suffix of an empty file was asked for: satisfiable */
    unsigned asked;
};

/* TEXT is digits only; what no number can hold is behind every file. */
static int64_t number(const char *text)
{
    unsigned long long n = strtoull(text, NULL, 10); /* ULLONG_MAX: out of range */
    return n > INT64_MAX ? INT64_MAX : (int64_t)n;
}

static void mark(struct plain *p, int64_t first, int64_t last, int64_t size)
{
    for (int64_t i = first < 0 ? 0 : first; i < size && i <= last; i++)
        p->bytes[i] = p->any = true;
}

/* One element without blanks around it. False: malformed. */
static bool element(struct plain *p, char *text, int64_t size)
{
    char *dash = strchr(text, '-');
    if (!dash)
        return false;
    *dash = '\0';
    const char *first = text, *last = dash + 1;
    size_t digits = strlen(first) + strlen(last);
    if (digits == 0 || strspn(first, "0123456789") + strspn(last, "0123456789") != digits)
        return false;
    if (*first && *last && number(last) < number(first))
        return false;
    if (!*first)
        mark(p, size - number(last), size, size);
    else
        mark(p, number(first), *last ? number(last) : size, size);
    p->nothing = p->nothing || (!*first && size == 0 && number(last) > 0);
    return true;
}

static enum ranges_verdict read_plainly(struct plain *p, char *field, int64_t size)
{
    if (strncasecmp(field, "bytes=", 6) != 0)
        return RANGES_IGNORED;
    for (char *next = field + 6, *text; (text = strsep(&next, ",")) != NULL;) {
        text += strspn(text, " \t");
        size_t n = strlen(text);
        while (n > 0 && strchr(" \t", text[n - 1]))
            text[--n] = '\0';
        if (n == 0)
            continue;
        if (!element(p, text, size))
            return RANGES_UNSATISFIABLE;
        if (++p->asked > RANGES_MAX)
            return RANGES_IGNORED;
    }
    if (p->any)
        return RANGES_PARTIAL;
    return p->nothing ? RANGES_IGNORED : RANGES_UNSATISFIABLE;
}

static void compare(struct span text, int64_t size, enum ranges_verdict verdict,
                    const struct ranges *r)
{
    char field[FIELD_MAX + 1];
    struct plain p = {.any = false};
    if (text.n > FIELD_MAX || memchr(text.p, '\0', text.n))
        return; /* a field has no NUL */
    memcpy(field, text.p, text.n);
    field[text.n] = '\0';
    CHECK(read_plainly(&p, field, size) == verdict);
    if (verdict != RANGES_PARTIAL)
        return;
    for (uint32_t i = 0; i < r->count; i++)
        for (int64_t at = r->rows[i].first; at <= r->rows[i].last; at++) {
            CHECK(p.bytes[at]);
            p.bytes[at] = false;
        }
    for (int64_t at = 0; at < size; at++)
        CHECK(!p.bytes[at]); /* nothing is missing */
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span text = span_make((const char *)data, size);
    int64_t bytes = sizes[fuzz_option(&text) % (sizeof(sizes) / sizeof(sizes[0]))];
    struct ranges r;
    enum ranges_verdict verdict = ranges_parse((cs_str){.ptr = text.p, .len = text.n}, bytes, &r);
    CHECK(verdict != RANGES_PARTIAL || r.count > 0);
    for (uint32_t i = 0; verdict == RANGES_PARTIAL && i < r.count; i++) {
        const struct range *a = &r.rows[i];
        CHECK(r.count <= RANGES_MAX && a->first >= 0 && a->first <= a->last && a->last < bytes);
        for (uint32_t k = 0; k < i; k++) { /* apart, and not even touching */
            const struct range *b = &r.rows[k];
            CHECK(a->first - 1 > b->last || b->first - 1 > a->last);
        }
    }
    if (bytes <= SMALL)
        compare(text, bytes, verdict, &r);
    return 0;
}
