/* SPDX-License-Identifier: Apache-2.0
 * The end of the process when one of our own invariants does not hold. Called by the CHECK macro
 * only, possibly from a signal handler: no stdio, no allocation. */
#include "base/check.h"
#include "base/thread.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TEXT_SIZE 1024

/* Adds S at AT as far as it fits, and returns the new end. */
static size_t add(char *text, size_t at, const char *s)
{
    size_t n = strlen(s);
    if (n > TEXT_SIZE - at)
        n = TEXT_SIZE - at;
    memcpy(text + at, s, n);
    return at + n;
}

static const char *number(int value, char *end)
{
    unsigned int rest = value < 0 ? 0u : (unsigned int)value;
    *--end = '\0';
    do {
        *--end = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    return end;
}

_Noreturn void check_failed(const char *expr, const char *file, int line, const char *func)
{
    char text[TEXT_SIZE];
    char digits[16];
    const char *parts[] = {"cserv: check failed in thread ",
                           thread_self_name(),
                           ": ",
                           expr,
                           " (",
                           file,
                           ":",
                           number(line, digits + sizeof(digits)),
                           ", ",
                           func,
                           ")\n"};
    size_t n = 0;
    for (size_t i = 0; i < ARRAY_COUNT(parts); i++)
        n = add(text, n, parts[i]);
    if (write(STDERR_FILENO, text, n) < 0)
        abort(); /* nobody to tell; the core says the rest */
    abort();
}
