/* SPDX-License-Identifier: Apache-2.0
 * The moving poller role: see role.h. All under one small lock, which is taken once per request that is
 * run this way; the standby looks every 500 us while batches are run, and sleeps when none are. */
#include "connector/role.h"

#include "base/check.h"
#include "base/clock.h"

#define TAKE_US  500u   /* an offer may be that old */
#define QUIET_US 20000u /* without offers for so long the standby sleeps until it is told */

void role_init(struct role *r)
{
    *r = (struct role){.held = false};
    lock_init(&r->lock, "poller role");
    cond_init(&r->cond);
    cond_init(&r->quiet);
}

void role_destroy(struct role *r)
{
    cond_destroy(&r->cond);
    cond_destroy(&r->quiet);
    lock_destroy(&r->lock);
}

/* How long the standby may wait before it looks again; 0: it may take the role now. */
static uint64_t look_again_us(const struct role *r, uint64_t now)
{
    if (r->held)
        return TAKE_US;
    uint64_t age = now - r->offered_us;
    return r->offer == 0 || age >= TAKE_US ? 0 : TAKE_US - age;
}

bool role_wait(struct role *r, struct task **rest)
{
    *rest = NULL;
    lock_acquire(&r->lock);
    r->waiting++;
    while (!r->ended) {
        uint64_t now = clock_us(), wait = look_again_us(r, now);
        if (wait == 0)
            break;
        if (r->held && now - r->offered_us > QUIET_US) {
            r->asleep = true;
            cond_wait(&r->cond, &r->lock);
            r->asleep = false;
        } else {
            cond_wait_until(&r->cond, &r->lock, now + wait);
        }
    }
    r->waiting--;
    bool mine = !r->ended;
    if (mine) {
        r->held = true;
        *rest = r->batch;
        r->batch = NULL;
        r->offer++; /* who offered it finds that it is gone */
    }
    lock_release(&r->lock);
    return mine;
}

bool role_has_standby(struct role *r)
{
    lock_acquire(&r->lock);
    bool has = r->waiting > 0;
    lock_release(&r->lock);
    return has;
}

uint64_t role_offer(struct role *r, struct task *batch, uint64_t now_us)
{
    lock_acquire(&r->lock);
    CHECK(r->held && !r->batch);
    r->held = false;
    r->running++;
    r->batch = batch;
    r->offered_us = now_us;
    uint64_t offer = ++r->offer;
    if (r->asleep)
        cond_signal(&r->cond);
    lock_release(&r->lock);
    return offer;
}

struct task *role_next(struct role *r, uint64_t offer)
{
    struct task *t = NULL;
    lock_acquire(&r->lock);
    if (r->offer == offer && r->batch) {
        t = r->batch;
        r->batch = t->next;
        t->next = NULL;
    }
    lock_release(&r->lock);
    return t;
}

bool role_retake(struct role *r, uint64_t offer)
{
    lock_acquire(&r->lock);
    if (--r->running == 0)
        cond_broadcast(&r->quiet);
    bool mine = r->offer == offer && !r->held;
    if (mine) {
        CHECK(!r->batch);
        r->held = true;
    }
    lock_release(&r->lock);
    return mine;
}

bool role_wait_quiet(struct role *r, uint64_t deadline_us)
{
    lock_acquire(&r->lock);
    while (r->running > 0 && clock_us() < deadline_us)
        cond_wait_until(&r->quiet, &r->lock, deadline_us);
    bool quiet = r->running == 0;
    lock_release(&r->lock);
    return quiet;
}

void role_end(struct role *r)
{
    lock_acquire(&r->lock);
    r->ended = true;
    r->held = false;
    cond_broadcast(&r->cond);
    lock_release(&r->lock);
}
