/* SPDX-License-Identifier: Apache-2.0
 * See encoding.h. Weights are counted in thousandths; -1 is "not named". */
#include "encoding.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

enum { FULL = 1000, UNNAMED = -1 };

static cs_str trimmed(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\t'))
        p++;
    while (end > p && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    return (cs_str){p, (size_t)(end - p)};
}

static bool is_text(cs_str s, const char *text)
{
    return s.len == strlen(text) && strncasecmp(s.ptr, text, s.len) == 0;
}

/* qvalue: 0 to 1 with at most three digits behind the point; UNNAMED when malformed. */
static int weight_of(cs_str s)
{
    int weight = 0, digit = FULL;
    if (s.len == 0 || s.len > 5 || (s.ptr[0] != '0' && s.ptr[0] != '1') ||
        (s.len > 1 && s.ptr[1] != '.'))
        return UNNAMED;
    weight = s.ptr[0] == '1' ? FULL : 0;
    for (size_t i = 2; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return UNNAMED;
        digit /= 10;
        weight += (s.ptr[i] - '0') * digit;
    }
    return weight <= FULL ? weight : UNNAMED;
}

/* The element up to END: its name and weight. False: malformed, as if it were not there. */
static bool read_element(const char *p, const char *end, cs_str *name, int *weight)
{
    const char *semicolon = memchr(p, ';', (size_t)(end - p));
    *name = trimmed(p, semicolon ? semicolon : end);
    *weight = FULL;
    if (semicolon) {
        cs_str parameter = trimmed(semicolon + 1, end);
        if (parameter.len < 2 || strncasecmp(parameter.ptr, "q=", 2) != 0)
            return false;
        *weight = weight_of((cs_str){parameter.ptr + 2, parameter.len - 2});
    }
    return name->len > 0 && *weight != UNNAMED;
}

static bool is_coding(cs_str name, const char *coding)
{
    return is_text(name, coding) || (strcmp(coding, "gzip") == 0 && is_text(name, "x-gzip"));
}

/* What ACCEPT says of CODING; "*" stands for what it does not name. */
static int find_weight(cs_str accept, const char *coding)
{
    int named = UNNAMED, rest = UNNAMED;
    const char *end = accept.ptr + accept.len;
    for (const char *p = accept.ptr; p < end;) {
        const char *comma = memchr(p, ',', (size_t)(end - p));
        const char *stop = comma ? comma : end;
        cs_str name;
        int weight;
        if (read_element(p, stop, &name, &weight)) {
            if (is_coding(name, coding))
                named = weight;
            else if (is_text(name, "*"))
                rest = weight;
        }
        p = stop + 1;
    }
    return named != UNNAMED ? named : rest;
}

int encoding_choose(cs_str accept, const char *const *names, unsigned count)
{
    int best = ENCODING_NONE, best_weight = 0;
    if (!accept.ptr)
        return ENCODING_IDENTITY;
    for (unsigned i = 0; i < count; i++) {
        int weight = find_weight(accept, names[i]);
        if (weight > best_weight) {
            best = (int)i;
            best_weight = weight;
        }
    }
    int identity = find_weight(accept, "identity");
    if (identity == UNNAMED) /* acceptable, but liked less than what was named */
        return best >= 0 ? best : ENCODING_IDENTITY;
    return identity > best_weight ? ENCODING_IDENTITY : best;
}
