/* SPDX-License-Identifier: Apache-2.0
 * Management requests: see admin.h. */
#include "admin/admin.h"

#include <string.h>

#include "admin/metrics.h"
#include "base/check.h"
#include "base/json.h"
#include "deploy/deploy.h"

static bool list(const struct admin *a, struct buf *out)
{
    bool ok = true;
    for (size_t i = 0; ok && i < a->count; i++)
        ok = deploy_list(a->services[i].deployment, out);
    return ok;
}

static bool list_json(const struct admin *a, struct buf *out)
{
    struct json j = json_begin(out);
    json_group(&j, NULL, '[');
    for (size_t i = 0; i < a->count; i++)
        deploy_list_json(a->services[i].deployment, &j);
    json_group_end(&j, ']');
    return j.ok;
}

static const struct request {
    const char *words;
    bool (*answer)(const struct admin *a, struct buf *out); /* false: out of memory */
} requests[] = {
    {"list", list},
    {"list --json", list_json},
    {"metrics", metrics_text},
    {"metrics --json", metrics_json},
};

int admin_request(const struct admin *a, const char *words, struct buf *reply)
{
    for (size_t i = 0; i < ARRAY_COUNT(requests); i++) {
        if (strcmp(words, requests[i].words) != 0)
            continue;
        if (requests[i].answer(a, reply))
            return 0;
        buf_clear(reply);
        (void)buf_append_str(reply, "out of memory");
        return 1;
    }
    (void)buf_printf(reply, "unknown request: %s", words);
    return 1;
}
