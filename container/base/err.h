/* SPDX-License-Identifier: Apache-2.0
 * What went wrong on a cold path, for a person: where, what, why, and what to do. Hot paths return
 * small enums instead. The caller owns the struct; functions that can fail take `struct err *` last
 * (never NULL), return false (or NULL) and fill it exactly then. */
#ifndef BASE_ERR_H
#define BASE_ERR_H
#include <stdbool.h>
#include <stddef.h>

struct err {
    char file[512]; /* the file the person has to look at; "" when there is none */
    int line;       /* in that file; 0 when there is none */
    char what[512]; /* what failed, in one clause */
    char why[512];  /* the cause; "" when what says it all */
    char hint[512]; /* what to do about it; "" when there is nothing to say */
};

#define ERR_INIT ((struct err){.line = 0})

/* Sets what, clears the rest. Always returns false: `return err_set(err, "...")`. */
bool err_set(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* These add to an error that was set. They return false, too, so that they can end a function. */
bool err_at(struct err *e, const char *file, int line);
bool err_why(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool err_hint(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Sets what and, as why, strerror of ERRNUM with the number; for causes that people can mend (rights, a
 * read-only or full disk, too many open files) also a hint, which err_hint replaces. */
bool err_sys(struct err *e, int errnum, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* "file:line: what: why. hint" in one line, without what is empty. Returns BUF. */
const char *err_text(const struct err *e, char *buf, size_t size);

#endif
