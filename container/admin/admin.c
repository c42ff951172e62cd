/* SPDX-License-Identifier: Apache-2.0
 * Management requests: see admin.h. */
#include "admin/admin.h"

#include <string.h>

#include "connector/status.h"
#include "deploy/deploy.h"
#include "observe/counters.h"
#include "observe/log.h"

/* ---- metrics: lines of "name value", for `cserv status` and tests ---- */

static bool write_rows(struct buf *out, const char *connector, const char *kind,
                       const struct connector_status_row *rows)
{
    bool ok = true;
    for (; ok && rows->name; rows++)
        ok = buf_printf(out, "connector.%s.%s.%s %llu\n", connector, kind, rows->name,
                        (unsigned long long)rows->value);
    return ok;
}

static bool write_connector(const struct admin *a, struct connector *c, struct buf *out)
{
    struct connector_status s;
    connector_status(c, &s);
    bool ok = buf_printf(out,
                         "connector.%s.connections %u\nconnector.%s.maxConnections %u\n"
                         "connector.%s.threads %u\nconnector.%s.threadsBusy %u\n"
                         "connector.%s.maxThreads %u\nconnector.%s.queued %u\n"
                         "connector.%s.groups %u\n",
                         s.name, s.connections, s.name, s.max_connections, s.name, s.threads, s.name,
                         s.threads_busy, s.name, s.threads_max, s.name, s.queued, s.name, s.groups) &&
              write_rows(out, s.name, "state", s.states) &&
              write_rows(out, s.name, "closed", s.closed);
    for (uint32_t q = 0; ok && q < a->queue_count; q++) {
        struct connector_queue_status row;
        connector_queue_status(c, q, &row);
        ok = buf_printf(out, "queue.%s.%s queued=%u running=%u cap=%u taken=%llu refused=%llu\n",
                        s.name, row.name, row.queued, row.running, row.cap,
                        (unsigned long long)row.taken, (unsigned long long)row.refused);
    }
    return ok;
}

static bool write_metrics(const struct admin *a, struct buf *out)
{
    bool ok = true;
    for (int c = 0; ok && c < COUNTER_COUNT; c++)
        ok = buf_printf(out, "counter.%s %llu\n", counter_name((enum counter)c),
                        (unsigned long long)counter_read((enum counter)c));
    ok = ok && buf_printf(out, "counter.log_dropped %llu\n", (unsigned long long)log_dropped());
    for (size_t i = 0; ok && i < a->connector_count; i++)
        ok = write_connector(a, a->connectors[i], out);
    return ok;
}

int admin_request(const struct admin *a, const char *words, struct buf *reply)
{
    bool ok;
    if (strcmp(words, "list") == 0)
        ok = deploy_list(a->deployment, false, reply);
    else if (strcmp(words, "list --json") == 0)
        ok = deploy_list(a->deployment, true, reply);
    else if (strcmp(words, "metrics") == 0)
        ok = write_metrics(a, reply);
    else {
        buf_printf(reply, "unknown request: %s\n", words);
        return 1;
    }
    return ok ? 0 : 1;
}
