/* SPDX-License-Identifier: Apache-2.0
 * Access logs: a pattern compiled once, a line per exchange rendered by whoever ends the exchange into
 * the log's memory, and one thread ("access-log") that writes it, at the latest a quarter of a second
 * later. What the disk does never delays a request: lines that find the memory full are dropped,
 * counted, and told of in the server's log.
 *
 * cli opens the logs that the configuration names and hands the lists to the engine, whose route lookup
 * puts them into struct route; the connector records. Patterns and codes: access_codes.def. */
#ifndef OBSERVE_ACCESS_LOG_H
#define OBSERVE_ACCESS_LOG_H
#include "base/err.h"
#include "observe/access_fields.h"

struct access_log;

enum access_form { ACCESS_TEXT, ACCESS_JSON };

/* One AccessLogValve or JsonAccessLogValve. Begin with ACCESS_LOG_DEFAULTS; strings are copied. */
struct access_log_options {
    enum access_form form;
    const char *base;             /* what a relative directory is below */
    const char *directory;        /* made (0750) when it is missing */
    const char *prefix, *suffix;  /* of the file's name; '/' is refused */
    const char *file_date_format; /* between them; the file is changed when its text changes */
    const char *pattern;          /* "common", "combined", or codes */
    const char *encoding;         /* UTF-8, or for text forms US-ASCII or ISO-8859-1 */
    const char
        *condition_if; /* condition, conditionUnless, conditionIf: not NULL is refused while */
    const char *condition_unless;    /* ... requests have no attributes */
    bool rotatable;                  /* false: one file without a date, never removed */
    bool rename_on_rotate;           /* the current file has no date; it gets one when it is full */
    bool buffered;                   /* false: each line is written at once (by the same thread) */
    bool request_attributes_enabled; /* what trusted forwarding headers told counts */
    bool ipv6_canonical;             /* "::1" instead of "0:0:0:0:0:0:0:1" */
    bool resolve_hosts;              /* refused: a name server would delay requests */
    int32_t max_days;                /* older files are removed; -1: never. 1 to 36500 */
    size_t memory; /* bytes of lines that may wait while as many are being written; 0: 16 MiB */
};
#define ACCESS_LOG_DEFAULTS                                         \
    ((struct access_log_options){.form = ACCESS_TEXT,               \
                                 .directory = "logs",               \
                                 .prefix = "access_log",            \
                                 .suffix = "",                      \
                                 .file_date_format = ".yyyy-MM-dd", \
                                 .pattern = "common",               \
                                 .encoding = "UTF-8",               \
                                 .rotatable = true,                 \
                                 .buffered = true,                  \
                                 .max_days = 90})

/* Whether OPTIONS would open: everything is looked at, nothing touched. For configtest. */
bool access_log_check(const struct access_log_options *options, struct err *err);
/* Opens the file and starts the thread with the first log. NULL: ERR tells which attribute and why. Two
 * logs may not have the same file. Main thread. */
struct access_log *access_log_open(const struct access_log_options *options, struct err *err);
/* No thread records into it any more. What it holds is written (for at most two seconds), its file
 * closed; the last one ends the thread. Main thread. */
void access_log_close(struct access_log **log);

/* The logs that an exchange is recorded in: of its context, its host, its engine. Immutable. */
struct access_logs {
    uint32_t count; /* at least 1: who has none has a NULL list */
    struct access_log *v[];
};
/* OWN (may be NULL: none) and then those of OUTER (may be NULL); free() ends it. *OUT becomes NULL when
 * there is none. False: out of memory. */
bool access_logs_join(struct access_log *const *own, uint32_t count,
                      const struct access_logs *outer, struct access_logs **out, struct err *err);

/* Any thread; a short lock, no system call (but with buffered=false), never waits for a disk. */
void access_logs_record(const struct access_logs *logs, const struct access_fields *fields);

/* SIGHUP: every file is opened anew before the next write. Any thread. */
void access_logs_reopen(void);
/* Waits until what was recorded before is written, at most LIMIT_MS. False: it is not. */
bool access_logs_flush(uint32_t limit_ms);

#endif
