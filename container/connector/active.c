/* SPDX-License-Identifier: Apache-2.0
 * Memory of busy connections: taken at the first byte of a request, given back when the connection goes
 * idle. A group keeps some, so that a keep-alive connection costs no allocation per request. */
#include <stdlib.h>

#include "connector/group_priv.h"

#define KEEP_ACTIVES 1024u  /* per group */
#define KEEP_BUFFER  16384u /* larger buffers are not kept */

static void trim(struct buf *b)
{
    if (b->cap > KEEP_BUFFER)
        buf_free(b);
    else
        buf_clear(b);
}

struct active *active_take(struct group *g, struct conn *c)
{
    struct active *a = g->free_actives;
    if (a) {
        g->free_actives = a->next_free;
        g->free_count--;
    } else {
        a = calloc(1, sizeof(*a));
        if (!a)
            return NULL;
        struct proto_upcalls up = connector_upcalls;
        up.arg = a;
        a->proto = g->connector->proto;
        a->px = a->proto->open(g->connector->proto_config, &up);
        if (!a->px) {
            free(a);
            return NULL;
        }
        a->group = g;
    }
    a->c = c;
    a->slot = g->slot;
    a->closing = a->untrusted = a->in_body = a->head_timed = a->body_timed = a->look = false;
    a->body_rate = g->connector->options.body_min_rate;
    a->send_rate = g->connector->options.send_min_rate;
    pace_stop(&a->input);
    pace_stop(&a->output);
    a->linger_left = a->refused_body = 0;
    a->under_way = 0;
    a->receiving = NULL;
    a->reading = false;
    a->warm = 0;
    c->active = a;
    return a;
}

static void active_free(struct active *a)
{
    a->proto->close(a->px);
    buf_free(&a->in);
    buf_free(&a->gather);
    chain_clear(&a->out);
    free(a);
}

/* Only an idle protocol state can serve another connection. */
void active_give(struct group *g, struct active *a)
{
    CHECK(!a->x);
    a->c->active = NULL;
    a->c = NULL;
    chain_clear(&a->out);
    if (g->free_count >= KEEP_ACTIVES || a->proto->multiplexed || !a->proto->idle(a->px) ||
        g->draining) {
        active_free(a);
        return;
    }
    trim(&a->in);
    trim(&a->gather);
    a->next_free = g->free_actives;
    g->free_actives = a;
    g->free_count++;
}

void active_free_all(struct group *g)
{
    while (g->free_actives) {
        struct active *a = g->free_actives;
        g->free_actives = a->next_free;
        active_free(a);
    }
    g->free_count = 0;
}
