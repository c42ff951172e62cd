/* SPDX-License-Identifier: Apache-2.0
 * The end of what a webapp does beside its requests: see background.h. */
#include "engine/background.h"

#include <stdlib.h>

#include "base/clock.h"
#include "engine/timers.h"

struct background *background_new(void)
{
    struct background *b = calloc(1, sizeof(*b));
    if (!b)
        return NULL;
    lock_init(&b->lock, "what runs beside requests");
    cond_init(&b->told);
    cond_init(&b->less);
    list_init(&b->threads);
    list_init(&b->timers);
    return b;
}

void background_free(struct background **bp)
{
    struct background *b = *bp;
    *bp = NULL;
    app_timers_free(b);
    threads_free(b);
    free(b->values);
    cond_destroy(&b->told);
    cond_destroy(&b->less);
    lock_destroy(&b->lock);
    free(b);
}

bool app_end_background(struct app *a, uint64_t limit_us)
{
    struct background *b = a->background;
    uint64_t deadline = clock_us() + limit_us;
    lock_acquire(&b->lock);
    b->ending = true;
    lock_release(&b->lock);
    bool timers = timers_end(a, deadline);
    bool threads = threads_end(a, deadline); /* which runs may wait for */
    return runs_end(a, deadline) && threads && timers;
}
