/* SPDX-License-Identifier: Apache-2.0
 * A compiled pattern and the line made by it: between compiling (access_pattern.c, access_json.c),
 * rendering (access_render.c, access_values.c) and access_log.c. */
#ifndef OBSERVE_ACCESS_PRIV_H
#define OBSERVE_ACCESS_PRIV_H
#include "base/arena.h"
#include "observe/access_log.h"
#include "observe/date_pattern.h"

/* ---- patterns ---- */

enum access_code {
    ACCESS_CODE_literal,
#define X(name, letter, argument, key, text) ACCESS_CODE_##name,
#include "observe/access_codes.def"
#undef X
    ACCESS_CODE_COUNT
};
struct access_row {
    char letter;
    const char *argument, *key, *text;
};
extern const struct access_row access_rows[ACCESS_CODE_COUNT];

enum access_moment { ACCESS_SECONDS, ACCESS_MILLIS, ACCESS_MILLIS_OF_SECOND, ACCESS_DATE };
struct access_time {
    bool begin;
    enum access_moment moment;
    struct date_pattern date; /* empty: the form of %t */
};
struct access_element {
    enum access_code code;
    struct span text; /* literal: itself; else the argument */
    const struct access_time *time;
};
struct access_pattern {
    struct arena arena; /* of all below */
    struct access_element *v;
    uint32_t count, room;
    bool json, attributes, canonical;
};

/* Fills P of OPTIONS, which access_pattern_end frees also when this fails. */
bool access_pattern_make(struct access_pattern *p, const struct access_log_options *options,
                         struct err *err);
void access_pattern_end(struct access_pattern *p);
bool access_pattern_add(struct access_pattern *p, struct access_element e, struct err *err);
bool access_pattern_literal(struct access_pattern *p, struct span text, struct err *err);
/* The codes in V as one JSON object: literals between them, and no literals of their own. */
bool access_json_make(struct access_pattern *p, const struct access_element *v, uint32_t count,
                      struct err *err);
/* Literals in the file's encoding. */
bool access_encode_literals(struct access_pattern *p, const char *encoding, struct err *err);

/* ---- rendering ---- */

struct access_line {
    char *p;
    size_t n, size; /* n > size: it did not fit */
    bool json;
    int64_t wall_us; /* the end of the exchange */
};
void access_render(const struct access_pattern *p, const struct access_fields *f,
                   struct access_line *line);
static inline void access_put(struct access_line *line, const char *p, size_t n) /* as it is */
{
    bool fits = line->n <= line->size && n <= line->size - line->n;
    if (fits && n > 0)
        memcpy(line->p + line->n, p, n);
    line->n = fits ? line->n + n : line->size + 1;
}
void access_put_text(struct access_line *line, struct span s); /* escaped */
void access_put_number(struct access_line *line, uint64_t v);
void access_put_padded(struct access_line *line, uint64_t v, int width);
void access_put_address(struct access_line *line, const struct access_address *a, bool canonical);
void access_put_clf_time(struct access_line *line, int64_t wall_us);
void access_put_time(struct access_line *line, const struct access_time *t, int64_t wall_us);
/* All values of the cookie NAME, separated by commas; "-" for none. */
void access_put_cookie(struct access_line *line, const struct access_fields *f, struct span name);

#endif
