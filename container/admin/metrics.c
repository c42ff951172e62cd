/* SPDX-License-Identifier: Apache-2.0
 * Counters and gauges of a running server: see metrics.h. */
#include "admin/metrics.h"

#include <inttypes.h>

#include "base/json.h"
#include "connector/status.h"
#include "observe/counters.h"
#include "observe/log.h"

/* ---- for people: what there is to see, without the zeros ---- */

static bool text_states(const struct connector_status *s, struct buf *out)
{
    const char *before = " (";
    bool ok = true;
    for (const struct connector_status_row *r = s->states; ok && r->name; r++) {
        if (r->value == 0)
            continue;
        ok = buf_printf(out, "%s%s %" PRIu64, before, r->name, r->value);
        before = ", ";
    }
    return ok && (*before == ' ' || buf_append_str(out, ")"));
}

/* Queues where somebody waits, or was turned away. */
static bool text_queues(const struct admin_service *a, struct connector *c, struct buf *out)
{
    bool ok = true;
    for (uint32_t q = 0; ok && q < a->queue_count; q++) {
        struct connector_queue_status s;
        connector_queue_status(c, q, &s);
        if (s.queued == 0 && s.refused == 0)
            continue;
        ok = buf_printf(out,
                        "  queue %s: %" PRIu32 " waiting, %" PRIu32 " of %" PRIu32
                        " running, %" PRIu64 " refused\n",
                        s.name, s.queued, s.running, s.cap, s.refused);
    }
    return ok;
}

static bool text_connector(const struct admin_service *a, struct connector *c, struct buf *out)
{
    struct connector_status s;
    connector_status(c, &s);
    return buf_printf(out, "%s: %" PRIu32 " of %" PRIu32 " connections", s.name, s.connections,
                      s.max_connections) &&
           text_states(&s, out) &&
           buf_printf(out,
                      ", %" PRIu32 " of %" PRIu32 " threads busy (maxThreads %" PRIu32 "), %" PRIu32
                      " waiting\n",
                      s.threads_busy, s.threads, s.threads_max, s.queued) &&
           text_queues(a, c, out);
}

bool metrics_text(const struct admin *a, struct buf *out)
{
    bool ok = buf_printf(out,
                         "requests: %" PRIu64 " answered, %" PRIu64
                         " refused by the protocol, %" PRIu64 " broken off\n",
                         counter_read(COUNTER_requests), counter_read(COUNTER_requests_refused),
                         counter_read(COUNTER_responses_aborted));
    for (size_t i = 0; ok && i < a->count; i++) {
        const struct admin_service *s = &a->services[i];
        for (size_t k = 0; ok && k < s->connector_count; k++)
            ok = text_connector(s, s->connectors[k], out);
    }
    return ok;
}

/* ---- JSON: everything ---- */

static void number(struct json *j, const char *name, uint64_t value)
{
    json_int(j, name, value > INT64_MAX ? INT64_MAX : (int64_t)value);
}

static void json_rows(struct json *j, const char *name, const struct connector_status_row *rows)
{
    json_group(j, name, '{');
    for (; rows->name; rows++)
        number(j, rows->name, rows->value);
    json_group_end(j, '}');
}

static void json_counters(struct json *j)
{
    json_group(j, "counters", '{');
    for (int c = 0; c < COUNTER_COUNT; c++)
        number(j, counter_name((enum counter)c), counter_read((enum counter)c));
    number(j, "log_dropped", log_dropped());
    json_group_end(j, '}');
}

static void json_connector(struct json *j, struct connector *c)
{
    struct connector_status s;
    connector_status(c, &s);
    json_group(j, NULL, '{');
    json_string(j, "name", span_of(s.name));
    number(j, "connections", s.connections);
    number(j, "maxConnections", s.max_connections);
    number(j, "groups", s.groups);
    number(j, "threads", s.threads);
    number(j, "threadsBusy", s.threads_busy);
    number(j, "maxThreads", s.threads_max);
    number(j, "queued", s.queued);
    number(j, "oldestUs", s.oldest_us);
    json_rows(j, "states", s.states);
    json_rows(j, "closed", s.closed);
    json_group_end(j, '}');
}

/* One spool serves all connectors. */
static void json_spool(struct json *j, const struct admin *a)
{
    struct connector_spool_status s;
    size_t i = 0;
    while (i < a->count && a->services[i].connector_count == 0)
        i++;
    if (i == a->count)
        return;
    connector_spool_status(a->services[i].connectors[0], &s);
    json_group(j, "spool", '{');
    number(j, "bufferedBytes", s.buffered);
    number(j, "maxBufferedMemory", s.max_buffered);
    number(j, "spoolBytes", s.spooled);
    number(j, "maxSpool", s.max_spooled);
    number(j, "files", s.files);
    number(j, "maxSpoolFiles", s.max_files);
    number(j, "jobs", s.jobs);
    json_rows(j, "refused", s.refused);
    json_group_end(j, '}');
}

static void json_queue(struct json *j, struct connector *c, uint32_t queue)
{
    struct connector_status of;
    struct connector_queue_status s;
    connector_status(c, &of);
    connector_queue_status(c, queue, &s);
    json_group(j, NULL, '{');
    json_string(j, "connector", span_of(of.name));
    json_string(j, "name", span_of(s.name));
    number(j, "queued", s.queued);
    number(j, "running", s.running);
    number(j, "cap", s.cap);
    number(j, "taken", s.taken);
    number(j, "refused", s.refused);
    number(j, "maxWaitUs", s.longest_us);
    number(j, "bufferedBytes", s.buffered);
    number(j, "spoolBytes", s.spooled);
    number(j, "spoolFiles", s.spool_files);
    json_group_end(j, '}');
}

bool metrics_json(const struct admin *a, struct buf *out)
{
    struct json j = json_begin(out);
    json_group(&j, NULL, '{');
    json_counters(&j);
    json_group(&j, "connectors", '[');
    for (size_t i = 0; i < a->count; i++)
        for (size_t k = 0; k < a->services[i].connector_count; k++)
            json_connector(&j, a->services[i].connectors[k]);
    json_group_end(&j, ']');
    json_spool(&j, a);
    json_group(&j, "queues", '[');
    for (size_t i = 0; i < a->count; i++)
        for (size_t k = 0; k < a->services[i].connector_count; k++)
            for (uint32_t q = 0; q < a->services[i].queue_count; q++)
                json_queue(&j, a->services[i].connectors[k], q);
    json_group_end(&j, ']');
    json_group_end(&j, '}');
    return j.ok;
}
