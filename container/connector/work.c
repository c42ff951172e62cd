/* SPDX-License-Identifier: Apache-2.0
 * Work of webapps that no request brings (engine/service.h, timers): a group offers its workers for it as long as
 * it runs. A task in the webapp's queue, like its requests. */
#include "connector/group_priv.h"

_Static_assert(sizeof(struct job) <= sizeof(((struct engine_work *)0)->room),
               "a job has room in what is pushed");

/* The thread of the engine's timers, or a worker. */
static void push(struct engine_workers *w, struct engine_work *work)
{
    struct group *g = CONTAINER_OF(w, struct group, workers);
    struct job *job = (struct job *)work->room;
    *job = (struct job){.task = {.queue = work->queue, .admitted = true}, .kind = JOB_WORK};
    CHECK(!pool_push(g->pool, &job->task));
    /* The poller looks whether there are enough workers. */
    if (atomic_exchange(&g->inbox.sleeping, 0) == 1)
        poller_wake(g->poller);
}

void work_init(struct group *g)
{
    list_init(&g->workers.link);
    g->workers.push = push;
}

void work_run(struct group *g, uint32_t slot, struct job *job)
{
    void *room = job;
    engine_run_work(g->connector->options.engine, slot,
                    CONTAINER_OF(room, struct engine_work, room));
}
