/* SPDX-License-Identifier: Apache-2.0
 * Init parameters of the filters of this module, by table: each filter's init calls params_read once. What is
 * misspelled or out of range is a sentence in the log, and the webapp is refused. */
#ifndef FILTERS_PARAMS_H
#define FILTERS_PARAMS_H
#include <cserv/module.h>

enum param_kind {
    PARAM_SWITCH, /* int: 1 for "true", 0 for "false" */
    PARAM_NUMBER, /* int64_t: LOW to HIGH */
    PARAM_TEXT,   /* const char *: as written; lives as long as the webapp */
    PARAM_OTHER,  /* known, and read by the filter itself */
};
struct param {
    const char *name;
    enum param_kind kind;
    void *to; /* keeps what is in it when web.xml does not name the parameter */
    int64_t low, high;
    int is_prefix; /* NAME is how the name begins (PARAM_OTHER) */
};

/* CS_OK, or CS_EINVAL after a sentence in the log: an unknown name, or a value of another kind. */
int params_read(cs_config *config, const struct param *rows, size_t count);
/* The sentence: the filter, NAME, VALUE, and what is allowed. Returns CS_EINVAL. */
int params_refuse(cs_config *config, const char *name, const char *value, const char *allowed);

/* ---- lists: words with commas between, blanks around them do not count ---- */

struct words {
    cs_str *v;
    uint32_t count;
};

/* Takes LIST apart; empty words are left out. 0: out of memory. */
int words_split(cs_ctx *ctx, const char *list, struct words *out);
/* All of them with commas between, as a field's value; NULL when out of memory, "" for none. */
const char *words_join(cs_ctx *ctx, const struct words *words);
int words_have(const struct words *words, cs_str word);
int words_have_any_case(const struct words *words, cs_str word);
/* The next word of REST, which loses it; absent at the end. */
cs_str words_next(cs_str *rest);
/* A method or a field name (RFC 9110 5.6.2). */
int is_token(cs_str word);

#endif
