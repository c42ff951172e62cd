/* SPDX-License-Identifier: Apache-2.0
 * Counters and gauges of a running server for people, in tables without the zeros: see metrics.h. */
#include <inttypes.h>

#include "admin/metrics.h"
#include "connector/status.h"
#include "observe/counters.h"

/* "3.4 MB". */
static bool text_bytes(uint64_t n, struct buf *out)
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
    double value = (double)n;
    size_t unit = 0;
    for (; value >= 1000 && unit < 4; unit++)
        value /= 1000;
    return buf_printf(out, unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
}

static bool text_ms(uint64_t us, struct buf *out)
{
    return buf_printf(out, us < 10000 ? " %8.1f" : " %8.0f", (double)us / 1000);
}

/* "  closed: peer 12, idle 3\n", nothing when all are zero. */
static bool text_rows(const char *title, const struct connector_status_row *rows, struct buf *out)
{
    const char *before = title;
    bool ok = true;
    for (; ok && rows->name; rows++) {
        if (rows->value == 0)
            continue;
        ok = buf_printf(out, "%s%s %" PRIu64, before, rows->name, rows->value);
        before = ", ";
    }
    return ok && (before == title || buf_append_str(out, "\n"));
}

static bool text_listeners(struct connector *c, struct buf *out)
{
    bool ok = true;
    for (size_t i = 0; ok && i < connector_listener_count(c); i++) {
        struct connector_listener_status l;
        connector_listener_status(c, i, &l);
        ok = buf_printf(out, "  accepted: %" PRIu64 "%s", l.accepted,
                        l.paused ? ", accepting is paused" : "") &&
             (l.refused == 0 ||
              buf_printf(out, ", closed for want of a file descriptor: %" PRIu64, l.refused)) &&
             buf_append_str(out, "\n");
    }
    return ok;
}

static bool text_queue(const struct connector_queue_status *q, struct buf *out)
{
    return buf_printf(out,
                      "  %-28s %10" PRIu64 " %7" PRIu32 " %7" PRIu32 " %5" PRIu32 " %8" PRIu64
                      " %8" PRIu64,
                      q->name, q->requests, q->queued, q->running, q->cap, q->refused, q->late) &&
           text_ms(q->oldest_us, out) && text_ms(q->average_us, out) &&
           text_ms(q->longest_us, out) && buf_append_str(out, q->reserved ? " reserved\n" : "\n");
}

/* Queues that were ever used. */
static bool text_queues(const struct admin_service *a, struct connector *c, struct buf *out)
{
    bool ok = true, titled = false;
    for (uint32_t i = 0; ok && i < a->queue_count; i++) {
        struct connector_queue_status q;
        connector_queue_status(c, i, &q);
        if (q.requests + q.queued + q.refused + q.late == 0)
            continue;
        if (!titled)
            ok = buf_append_str(out,
                                "  webapp                         requests waiting running   cap"
                                "     full     late  wait ms:now  average  longest\n");
        titled = true;
        ok = ok && text_queue(&q, out);
    }
    return ok;
}

static bool text_connector(const struct admin_service *a, struct connector *c, struct buf *out)
{
    struct connector_status s;
    connector_status(c, &s);
    return buf_printf(out, "\n%s: %" PRIu32 " of %" PRIu32 " connections, %" PRIu64 " requests\n",
                      s.name, s.connections, s.max_connections, s.requests) &&
           text_listeners(c, out) && text_rows("  states: ", s.states, out) &&
           buf_printf(out,
                      "  threads: %" PRIu32 " (maxThreads %" PRIu32 "), %" PRIu32 " busy, %" PRIu32
                      " searching, %" PRIu32 " idle",
                      s.threads, s.threads_max, s.threads_busy, s.threads_searching,
                      s.threads_idle) &&
           (s.threads_kept == 0 ||
            buf_printf(out, ", %" PRIu32 " kept for reserved webapps", s.threads_kept)) &&
           buf_printf(out, "; %" PRIu32 " requests waiting\n", s.queued) &&
           text_queues(a, c, out) && text_rows("  refused: ", s.refused, out) &&
           text_rows("  closed: ", s.closed, out);
}

static bool text_spool(const struct connector_spool_status *s, struct buf *out)
{
    return buf_append_str(out, "\nbodies and answers: ") && text_bytes(s->buffered, out) &&
           buf_append_str(out, " of ") && text_bytes(s->max_buffered, out) &&
           buf_append_str(out, " in memory, ") && text_bytes(s->spooled, out) &&
           buf_append_str(out, " of ") && text_bytes(s->max_spooled, out) &&
           buf_printf(out, " in %" PRIu32 " of %" PRIu32 " temporary files, %" PRIu32 " jobs\n",
                      s->files, s->max_files, s->jobs) &&
           text_rows("  refused: ", s->refused, out);
}

bool metrics_text(const struct admin *a, struct buf *out)
{
    const struct admin_service *with_spool = NULL;
    bool ok = buf_printf(out,
                         "requests: %" PRIu64 " answered, %" PRIu64
                         " refused by the protocol, %" PRIu64 " broken off; ",
                         counter_read(COUNTER_requests), counter_read(COUNTER_requests_refused),
                         counter_read(COUNTER_responses_aborted)) &&
              text_bytes(counter_read(COUNTER_bytes_in), out) && buf_append_str(out, " in, ") &&
              text_bytes(counter_read(COUNTER_bytes_out), out) && buf_append_str(out, " out\n");
    for (size_t i = 0; ok && i < a->count; i++) {
        const struct admin_service *s = &a->services[i];
        if (s->connector_count > 0)
            with_spool = s;
        for (size_t k = 0; ok && k < s->connector_count; k++)
            ok = text_connector(s, s->connectors[k], out);
    }
    if (ok && with_spool) { /* one spool serves all connectors */
        struct connector_spool_status s;
        connector_spool_status(with_spool->connectors[0], &s);
        ok = text_spool(&s, out);
    }
    return ok;
}
