/* SPDX-License-Identifier: Apache-2.0
 * Putting together what a person reads when something on a cold path failed. Called where files,
 * configuration and webapps are handled; printed by the command line and the log. */
#include "base/err.h"
#include "base/check.h"
#include <errno.h>
#include <unistd.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define PART_SIZE sizeof(((struct err *)0)->what)

/* By way of a copy: the arguments may stand in the very struct that is written ("%s", e->what). */
__attribute__((format(printf, 2, 0))) static void put(char *part, const char *fmt, va_list ap)
{
    char text[PART_SIZE];
    if (vsnprintf(text, sizeof(text), fmt, ap) < 0)
        text[0] = '\0';
    memcpy(part, text, strlen(text) + 1);
}

__attribute__((format(printf, 2, 0))) static void start(struct err *e, const char *fmt, va_list ap)
{
    put(e->what, fmt, ap);
    e->file[0] = e->why[0] = e->hint[0] = '\0';
    e->line = 0;
}

bool err_set(struct err *e, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    start(e, fmt, ap);
    va_end(ap);
    return false;
}

bool err_at(struct err *e, const char *file, int line)
{
    size_t n = strnlen(file, sizeof(e->file) - 1);
    memmove(e->file, file, n);
    e->file[n] = '\0';
    e->line = line;
    return false;
}

bool err_why(struct err *e, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    put(e->why, fmt, ap);
    va_end(ap);
    return false;
}

bool err_hint(struct err *e, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    put(e->hint, fmt, ap);
    va_end(ap);
    return false;
}

/* What people do about the causes that are theirs to mend. A caller with a better idea says so after. */
static void hint_for(struct err *e, int errnum)
{
    if (errnum == EACCES || errnum == EPERM)
        err_hint(e,
                 "User %u, who runs this, may not: run it as another user, or change owner or mode",
                 (unsigned)geteuid());
    else if (errnum == EROFS)
        err_hint(e, "It lies on a file system that is mounted read-only");
    else if (errnum == ENOSPC || errnum == EDQUOT)
        err_hint(e, "Make room there");
    else if (errnum == EMFILE || errnum == ENFILE)
        err_hint(e, "Raise the limit of open files (ulimit -n, LimitNOFILE=)");
}

bool err_sys(struct err *e, int errnum, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    start(e, fmt, ap);
    va_end(ap);
    char text[128];
    hint_for(e, errnum);
    return err_why(e, "%s (errno %d)", strerror_r(errnum, text, sizeof(text)), errnum);
}

/* Adds BEFORE and PART at AT as far as they fit; SIZE counts the NUL. Returns the new end. */
static size_t add(char *buf, size_t size, size_t at, const char *before, const char *part)
{
    if (at + 1 >= size)
        return at;
    int n = snprintf(buf + at, size - at, "%s%s", before, part);
    if (n < 0)
        return at;
    return (size_t)n < size - at ? at + (size_t)n : size - 1;
}

const char *err_text(const struct err *e, char *buf, size_t size)
{
    CHECK(size > 0);
    size_t at = 0;
    buf[0] = '\0';
    if (e->file[0]) {
        char line[16] = "";
        if (e->line > 0)
            snprintf(line, sizeof(line), ":%d", e->line);
        at = add(buf, size, at, e->file, line);
        at = add(buf, size, at, ": ", "");
    }
    at = add(buf, size, at, e->what, "");
    if (e->why[0])
        at = add(buf, size, at, ": ", e->why);
    if (e->hint[0])
        add(buf, size, at, ". ", e->hint);
    return buf;
}
