/* SPDX-License-Identifier: Apache-2.0
 * Access logs as their users see them: options, opening and closing. Called by cli on the main thread;
 * recording is in access_record.c, writing in access_writer.c. */
#include <limits.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/path.h"
#include "observe/access_log_priv.h"
#include "observe/counters.h"
#include "observe/log.h"

/* ---- options ---- */

static bool check_conditions(const struct access_log_options *o, struct err *err)
{
    if (o->resolve_hosts) {
        err_set(err, "resolveHosts=\"true\": host names are not looked up");
        return err_hint(err, "%%h is the client's address; a name server must not delay requests");
    }
    if (!o->condition_if && !o->condition_unless)
        return true;
    err_set(err, "%s=\"%s\": a request has no attributes, so nothing could set it",
            o->condition_if ? "conditionIf" : "conditionUnless",
            o->condition_if ? o->condition_if : o->condition_unless);
    return err_hint(err, "Leave it out: every request is logged");
}

static bool check_days(const struct access_log_options *o, struct err *err)
{
    if (o->max_days == -1 || (o->max_days >= 1 && o->max_days <= 36500))
        return true;
    err_set(err, "maxDays=\"%d\" is out of range", o->max_days);
    return err_hint(err, "1 to 36500, or -1 to keep access logs for ever");
}

static bool make_file(struct day_file *f, const struct access_log_options *o, struct err *err)
{
    char folder[PATH_MAX];
    struct day_file_options fo = {.folder = folder,
                                  .prefix = o->prefix,
                                  .suffix = o->suffix,
                                  .date = o->file_date_format,
                                  .rotatable = o->rotatable,
                                  .renames = o->rename_on_rotate,
                                  .max_days = o->max_days};
    if (!path_join(folder, sizeof(folder), o->base, o->directory)) {
        *f = (struct day_file){.fd = -1};
        return err_set(err, "the directory of an access log is too long");
    }
    return day_file_make(f, &fo, err);
}

bool access_log_check(const struct access_log_options *o, struct err *err)
{
    struct access_pattern pattern;
    struct day_file file;
    if (!check_conditions(o, err) || !check_days(o, err))
        return false;
    bool ok = access_pattern_make(&pattern, o, err);
    access_pattern_end(&pattern);
    if (!ok)
        return false;
    ok = make_file(&file, o, err) && day_file_check(&file, err);
    day_file_end(&file);
    return ok;
}

/* ---- opening and closing ---- */

static char *settings_of(const struct access_log_options *o)
{
    struct buf b = BUF_EMPTY;
    char *text = NULL;
    if (buf_printf(&b, "%d%d%d%d%d%d %d\n%s\n%s\n%s\n%s\n%s\n%s", o->form, o->rotatable,
                   o->rename_on_rotate, o->buffered, o->request_attributes_enabled,
                   o->ipv6_canonical, o->max_days, o->directory, o->prefix, o->suffix,
                   o->file_date_format, o->encoding, o->pattern) &&
        buf_cstr(&b))
        text = strdup(buf_cstr(&b));
    buf_free(&b);
    return text;
}

static size_t round_up(size_t n)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    return (n + page - 1) / page * page;
}

/* Address space: what is never used costs nothing. */
static char *map(size_t n)
{
    void *p =
        mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

static void free_log(struct access_log *log)
{
    day_file_end(&log->file);
    access_pattern_end(&log->pattern);
    lock_destroy(&log->lock);
    if (log->active)
        munmap(log->active, log->room);
    if (log->pending)
        munmap(log->pending, log->room);
    free(log->settings);
    free(log->path);
    free(log);
}

static struct access_log *new_log(const struct access_log_options *o, struct err *err)
{
    struct access_log *log = aligned_alloc(64, sizeof(*log));
    if (!log) {
        err_set(err, "out of memory for an access log");
        return NULL;
    }
    memset(log, 0, sizeof(*log));
    list_init(&log->link);
    lock_init(&log->lock, "access log");
    log->users = 1;
    log->buffered = o->buffered;
    log->mark = log->pending_mark = SIZE_MAX;
    log->settings = settings_of(o);
    log->room = round_up(o->memory ? o->memory : ACCESS_ROOM);
    log->wake_at = log->room / 2 < ACCESS_WAKE_AT ? log->room / 2 : ACCESS_WAKE_AT;
    log->active = map(log->room);
    log->pending = map(log->room);
    bool pattern = access_pattern_make(&log->pattern, o, err);
    bool file = make_file(&log->file, o, pattern ? err : &(struct err){.line = 0});
    if (pattern && file) {
        struct buf path = BUF_EMPTY;
        if (buf_printf(&path, "%s/%s*%s", log->file.names.folder, log->file.names.prefix,
                       log->file.names.suffix) &&
            buf_cstr(&path))
            log->path = strdup(buf_cstr(&path));
        buf_free(&path);
        if (log->settings && log->active && log->pending && log->path)
            return log;
        err_set(err, "out of memory for an access log");
    }
    free_log(log);
    return NULL;
}

/* The log that has this file already, if its settings are the same, too. */
static struct access_log *shared(struct access_log *log, struct access_log *other, struct err *err)
{
    bool same = strcmp(log->settings, other->settings) == 0;
    if (same) {
        other->users++;
    } else {
        err_set(err, "two access logs with different settings have the same file %s", log->path);
        err_hint(err, "Give one of them another prefix");
    }
    free_log(log);
    return same ? other : NULL;
}

struct access_log *access_log_open(const struct access_log_options *o, struct err *err)
{
    int why = 0;
    if (!check_conditions(o, err) || !check_days(o, err))
        return NULL;
    struct access_log *log = new_log(o, err);
    if (!log)
        return NULL;
    struct access_log *other = access_writer_find(&log->file);
    if (other)
        return shared(log, other, err);
    int64_t now = access_clock();
    log->change_us = day_file_next_us(&log->file, now);
    if (!day_file_begin(&log->file, now, &why, err) || !access_writer_add(log, err)) {
        free_log(log);
        return NULL;
    }
    atomic_store(&log->failure, why);
    if (why != 0)
        access_tell(log);
    return log;
}

static uint64_t count_lines(const char *p, size_t n)
{
    uint64_t lines = 0;
    for (const char *end = p + n; (p = memchr(p, '\n', (size_t)(end - p))) != NULL; p++)
        lines++;
    return lines;
}

void access_log_close(struct access_log **logp)
{
    struct access_log *log = *logp;
    *logp = NULL;
    if (!log || --log->users > 0 || !access_writer_remove(log))
        return;
    uint64_t left = count_lines(log->pending + log->pending_at, log->pending_n - log->pending_at) +
                    count_lines(log->active, log->used);
    if (left > 0)
        LOG(observe, LOG_ERROR, "access log %s: %llu lines could not be written before the end",
            log->path, (unsigned long long)left);
    counter_add(COUNTER_access_lines_lost, left);
    free_log(log);
}

bool access_logs_join(struct access_log *const *own, uint32_t count,
                      const struct access_logs *outer, struct access_logs **out, struct err *err)
{
    uint32_t all = count + (outer ? outer->count : 0);
    *out = NULL;
    if (all == 0)
        return true;
    *out = malloc(sizeof(**out) + all * sizeof((*out)->v[0]));
    if (!*out)
        return err_set(err, "out of memory for a list of access logs");
    (*out)->count = all;
    for (uint32_t i = 0; i < all; i++)
        (*out)->v[i] = i < count ? own[i] : outer->v[i - count];
    return true;
}
