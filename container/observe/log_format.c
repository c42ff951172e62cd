/* SPDX-License-Identifier: Apache-2.0
 * The text of one log line: date, level, thread, room, message. Called by the writer, and by any
 * thread while there is no writer. */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "base/check.h"
#include "observe/log_priv.h"

enum { DATE_SIZE = 32 };

static const char *const level_names[] = {"DEBUG", "INFO", "WARN", "ERROR", "OFF"};
static const char *const room_names[LOG_ROOM_COUNT] = {
#define X(name) #name,
    LOG_ROOMS(X)
#undef X
};

/* "23-Nov-2026 02:24:49", local time; not by strftime, whose month follows the locale. Kept for the
 * second: breaking a time down takes libc's lock on the time zone. */
static const char *date_text(int64_t second)
{
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    static _Thread_local int64_t made_for = INT64_MIN;
    static _Thread_local char text[DATE_SIZE];
    if (second == made_for)
        return text;
    struct tm tm = {.tm_mday = 1};
    time_t t = (time_t)second;
    localtime_r(&t, &tm);
    snprintf(text, sizeof(text), "%02d-%s-%04d %02d:%02d:%02d", tm.tm_mday, months[tm.tm_mon % 12],
             tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
    made_for = second;
    return text;
}

/* Control bytes, and the C1 controls that UTF-8 writes as C2 80 to C2 9F, would move the cursor or
 * begin a new line for who reads the log. */
static size_t put_escaped(char *out, const char *text, size_t n)
{
    static const char digits[] = "0123456789ABCDEF";
    char *o = out;
    unsigned char before = 0;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c < 0x20 || c == 0x7F || (before == 0xC2 && c >= 0x80 && c <= 0x9F)) {
            *o++ = '\\';
            *o++ = 'x';
            *o++ = digits[c >> 4];
            *o++ = digits[c & 15];
        } else {
            *o++ = (char)c;
        }
        before = c;
    }
    return (size_t)(o - out);
}

size_t log_format(char *out, int64_t wall_us, enum log_level level, const char *thread,
                  enum log_room room, const char *text, size_t n)
{
    CHECK(n <= LOG_MESSAGE_MAX);
    int64_t second = wall_us / 1000000;
    int written = snprintf(out, LOG_LINE_MAX, "%s.%03d %s [", date_text(second),
                           (int)(wall_us % 1000000 / 1000), level_names[level]);
    CHECK(written > 0 && written < 100);
    size_t used = (size_t)written;
    used += put_escaped(out + used, thread, strnlen(thread, 31));
    written = snprintf(out + used, LOG_LINE_MAX - used, "] %s ", room_names[room]);
    CHECK(written > 0 && written < 32);
    used += (size_t)written;
    used += put_escaped(out + used, text, n);
    out[used++] = '\n';
    CHECK(used <= LOG_LINE_MAX);
    return used;
}
