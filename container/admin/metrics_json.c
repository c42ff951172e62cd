/* SPDX-License-Identifier: Apache-2.0
 * Counters and gauges of a running server as JSON, all of them: see metrics.h. Names only get more: scripts
 * of operators read them. */
#include "admin/metrics.h"

#include "base/json.h"
#include "connector/status.h"
#include "observe/counters.h"
#include "observe/log.h"

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

static void json_listeners(struct json *j, struct connector *c)
{
    json_group(j, "listeners", '[');
    for (size_t i = 0; i < connector_listener_count(c); i++) {
        struct connector_listener_status l;
        connector_listener_status(c, i, &l);
        json_group(j, NULL, '{');
        number(j, "accepted", l.accepted);
        number(j, "refused", l.refused);
        number(j, "paused", l.paused);
        json_group_end(j, '}');
    }
    json_group_end(j, ']');
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
    number(j, "threadsSearching", s.threads_searching);
    number(j, "threadsIdle", s.threads_idle);
    number(j, "threadsKept", s.threads_kept);
    number(j, "maxThreads", s.threads_max);
    number(j, "requests", s.requests);
    number(j, "queued", s.queued);
    number(j, "oldestUs", s.oldest_us);
    number(j, "writersWaiting", s.writers_waiting);
    json_rows(j, "states", s.states);
    json_rows(j, "closed", s.closed);
    json_rows(j, "refused", s.refused);
    json_listeners(j, c);
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

static void json_waits(struct json *j, const struct connector_queue_status *s)
{
    static const char *const below[CONNECTOR_WAITS] = {"below1ms", "below10ms", "below100ms",
                                                       "below1s",  "below10s",  "longer"};
    json_group(j, "waits", '{');
    for (unsigned i = 0; i < CONNECTOR_WAITS; i++)
        number(j, below[i], s->waits[i]);
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
    number(j, "reserved", s.reserved);
    number(j, "maxQueueSize", s.max_queued);
    number(j, "maxQueueTimeMs", s.max_wait_us / 1000);
    number(j, "requests", s.requests);
    number(j, "taken", s.taken);
    number(j, "followed", s.followed);
    number(j, "inlined", s.inlined);
    number(j, "refused", s.refused);
    number(j, "late", s.late);
    number(j, "oldestUs", s.oldest_us);
    number(j, "averageWaitUs", s.average_us);
    number(j, "maxWaitUs", s.longest_us);
    json_waits(j, &s);
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
