/* SPDX-License-Identifier: Apache-2.0
 * Access logs in a folder of their own with a clock that the test sets: for the unit tests of observe.
 * One program includes it once. */
#ifndef SUPPORT_ACCESS_LOG_RIG_H
#define SUPPORT_ACCESS_LOG_RIG_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/path.h"
#include "observe/access_log_priv.h"
#include "observe/counters.h"
#include "observe/log.h"

/* 2026-11-23 02:24:49 UTC, 07:54:49 +0530 */
#define RIG_TIME_US 1795400689000000

static char rig_folder[64], rig_server_log[96];
static _Atomic int64_t rig_time_us; /* 0: the real one */

static int64_t rig_clock(void)
{
    int64_t at = atomic_load(&rig_time_us);
    return at ? at : clock_wall_us();
}

static int rig_up(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    signal(SIGPIPE, SIG_IGN);
    setenv("TZ", "Asia/Kolkata", 1);
    tzset();
    snprintf(rig_folder, sizeof(rig_folder), "/tmp/cserv-access-XXXXXX");
    if (!mkdtemp(rig_folder))
        return -1;
    snprintf(rig_server_log, sizeof(rig_server_log), "%s/cserv.log", rig_folder);
    access_clock = rig_clock;
    atomic_store(&rig_time_us, RIG_TIME_US);
    struct log_options options = {.folder = rig_folder, .copy_fd = -1};
    return log_start(&options, &err) ? 0 : -1;
}

static int rig_down(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    log_stop();
    return path_remove_tree(rig_folder, &err) ? 0 : -1;
}

static struct access_log_options rig_options(const char *pattern)
{
    struct access_log_options o = ACCESS_LOG_DEFAULTS;
    o.base = rig_folder;
    o.suffix = ".txt";
    o.pattern = pattern;
    o.memory = 1 << 20; /* soon full */
    return o;
}

static struct access_log *rig_open(const struct access_log_options *o)
{
    struct err err = ERR_INIT;
    struct access_log *log = access_log_open(o, &err);
    if (!log)
        fail_msg("%s: %s. %s", err.what, err.why, err.hint);
    return log;
}

/* A line with TEXT as its user. */
static inline void rig_record(struct access_log *log, const char *text)
{
    struct access_logs *logs = malloc(sizeof(*logs) + sizeof(logs->v[0]));
    assert_non_null(logs);
    logs->count = 1;
    logs->v[0] = log;
    access_logs_record(logs, &(struct access_fields){.user = span_of(text)});
    free(logs);
}

static inline const char *rig_path(const char *name)
{
    static char path[4][160];
    static unsigned next;
    char *p = path[next++ % 4];
    snprintf(p, sizeof(path[0]), "%s/logs/%s", rig_folder, name);
    return p;
}

/* Terminated; "(none)" when there is no such file. Valid until the next call. */
static inline const char *rig_content(const char *path)
{
    static struct buf text;
    struct err err = ERR_INIT;
    buf_clear(&text);
    if (!path_exists(path))
        return "(none)";
    if (!path_read_file(path, 64u << 20, &text, &err))
        fail_msg("%s: %s", err.what, err.why);
    const char *s = buf_cstr(&text);
    return s ? s : "";
}

static inline const char *rig_file(const char *name)
{
    return rig_content(rig_path(name));
}

static inline const char *rig_server(void)
{
    assert_true(log_flush(5000));
    return rig_content(rig_server_log);
}

static inline size_t rig_count(const char *text, const char *needle)
{
    size_t n = 0;
    for (; (text = strstr(text, needle)) != NULL; text++)
        n++;
    return n;
}

#endif
