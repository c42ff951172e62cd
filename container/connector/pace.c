/* SPDX-License-Identifier: Apache-2.0
 * Windows of a client's pace: see pace.h. */
#include "connector/pace.h"

#define YOUNG_US 500000u

void pace_start(struct pace *p, uint64_t now_us, int64_t total)
{
    *p = (struct pace){.window_us = now_us,
                       .moved_us = now_us,
                       .at_window = total,
                       .seen = total,
                       .last_rate = PACE_YOUNG};
}

void pace_stop(struct pace *p)
{
    p->window_us = 0;
}

bool pace_runs(const struct pace *p)
{
    return p->window_us != 0;
}

void pace_moved(struct pace *p, uint64_t now_us)
{
    p->moved_us = now_us;
}

static uint64_t since(uint64_t then, uint64_t now)
{
    return now > then ? now - then : 0;
}

/* Bytes per second since the window began; some time has passed. */
static uint64_t rate_of(const struct pace *p, uint64_t now_us, int64_t total)
{
    uint64_t us = since(p->window_us, now_us);
    uint64_t bytes = total > p->at_window ? (uint64_t)(total - p->at_window) : 0;
    if (us == 0)
        return 0;
    return bytes < UINT64_MAX / 1000000 ? bytes * 1000000 / us : UINT64_MAX / us;
}

enum pace_verdict pace_look(struct pace *p, const struct pace_rule *rule, uint64_t now_us,
                            int64_t total)
{
    if (total > p->seen) {
        p->seen = total;
        if (now_us > p->moved_us)
            p->moved_us = now_us;
    }
    if (rule->timeout_ms >= 0 && since(p->moved_us, now_us) >= (uint64_t)rule->timeout_ms * 1000)
        return PACE_STALLED;
    if (rule->window_ms <= 0 || since(p->window_us, now_us) < (uint64_t)rule->window_ms * 1000)
        return PACE_OK;
    uint64_t rate = rate_of(p, now_us, total);
    p->last_rate = rate;
    p->window_us = now_us;
    p->at_window = total;
    return rate < rule->rate ? PACE_SLOW : PACE_OK;
}

static int64_t left_ms(uint64_t since_us, int64_t ms, uint64_t now_us)
{
    uint64_t due = since_us + (uint64_t)ms * 1000;
    return due > now_us ? (int64_t)((due - now_us + 999) / 1000) : 0;
}

int64_t pace_left(const struct pace *p, const struct pace_rule *rule, uint64_t now_us)
{
    int64_t left = -1;
    if (rule->timeout_ms >= 0)
        left = left_ms(p->moved_us, rule->timeout_ms, now_us);
    if (rule->window_ms > 0) {
        int64_t window = left_ms(p->window_us, rule->window_ms, now_us);
        if (left < 0 || window < left)
            left = window;
    }
    return left;
}

uint64_t pace_rate(const struct pace *p, uint64_t now_us, int64_t total)
{
    if (!pace_runs(p))
        return PACE_YOUNG;
    if (since(p->window_us, now_us) < YOUNG_US)
        return p->last_rate;
    return rate_of(p, now_us, total);
}
