/* SPDX-License-Identifier: Apache-2.0
 * Collected request bodies: see body.h. */
#include "connector/body.h"

#include "connector/group_priv.h"

#define PIECE     65536u /* bytes written by one job */
#define PIECE_MIN 4096u  /* without the budget's leave: what any connection may have */
#define KEEP      16384u /* a memory part up to this stays with the exchange for the next request */

struct body {               /* in the exchange's arena */
    struct inbox_node node; /* NODE_BODY */
    struct exchange *x;
    struct group *group;
    struct conn *c;
    struct spool_account *account;
    uint64_t memory_max;
    size_t memory;           /* bytes of the budget: x->req.body and the piece */
    struct spool_file *file; /* what does not fit in memory, from its first byte on */
    uint64_t saved;          /* bytes in the file */
    struct buf piece;        /* on their way there */
    size_t piece_max;        /* 0: nothing went there yet */
    bool saving;             /* a job has the piece */
    struct spool_job job;
    struct iovec iov;
};

/* ---- life ---- */

/* Cleanup of the arena: the request is over, the poller has let go of it or waits for the worker. */
static void body_end(void *arg)
{
    struct body *b = arg;
    CHECK(!b->saving);
    spool_file_free(&b->file);
    buf_free(&b->piece);
    if (b->x->req.body.cap > KEEP)
        buf_free(&b->x->req.body);
    else
        buf_clear(&b->x->req.body);
    spool_memory_give(b->account, b->memory);
    b->x->body_state = NULL;
}

static struct body *body_new(struct active *a, struct exchange *x)
{
    struct connector *c = a->group->connector;
    struct body *b = arena_zalloc(&x->arena, sizeof(*b));
    if (!b || !arena_on_cleanup(&x->arena, body_end, b))
        return NULL;
    b->node.kind = NODE_BODY;
    b->x = x;
    b->account = c->accounts[x->route.queue];
    b->memory_max = c->options.body_memory;
    x->body_state = b;
    return b;
}

/* ---- the plan ---- */

static struct body_plan refuse_plan(uint16_t status, const char *setting, const char *why)
{
    return (struct body_plan){.mode = BODY_REFUSE, .refusal = {status, setting, why}};
}

static struct proto_refusal spool_refusal(enum spool_result r)
{
    return (struct proto_refusal){503, spool_result_setting(r), spool_result_text(r)};
}

struct body_plan body_plan_for(const struct active *a, const struct exchange *x)
{
    static const char too_large[] = "the body is larger than maxBodySize";
    const struct connector *c = a->group->connector;
    const struct connector_options *o = &c->options;
    uint64_t max = x->route.body_max == UINT64_MAX ? o->max_body_size : x->route.body_max;
    struct body_plan plan = {
        .mode = BODY_COLLECT, .max = max, .refusal = {413, "maxBodySize", too_large}};
    uint64_t length = x->req.content_length > 0 ? (uint64_t)x->req.content_length : 0;
    if (x->route.mode == ROUTE_STREAM)
        plan.mode = BODY_STREAM;
    if (length > max || length <= o->body_memory || plan.mode == BODY_STREAM)
        return plan; /* the protocol compares */
    uint64_t in_file = length - o->body_memory;
    if (in_file > spool_file_max(o->spool))
        return refuse_plan(413, "maxSpool",
                           "the body is larger than maxSpool lets one webapp keep");
    enum spool_result r = spool_would_fit(c->accounts[x->route.queue], in_file);
    if (r != SPOOL_OK)
        plan = (struct body_plan){.mode = BODY_REFUSE, .refusal = spool_refusal(r)};
    return plan;
}

/* ---- taking ---- */

static const struct proto_refusal no_memory = {503, NULL, "out of memory"};

/* Into the part that stays in memory. Returns how much; *failed: memory is short. */
static size_t take_memory(struct body *b, const char *p, size_t n, bool *failed)
{
    struct buf *body = &b->x->req.body;
    size_t have = buf_len(body);
    if (b->piece_max > 0 || have >= b->memory_max)
        return 0; /* order: what has begun to go to the file goes on there */
    size_t k = n < b->memory_max - have ? n : (size_t)(b->memory_max - have);
    if (spool_memory_take(b->account, k) != SPOOL_OK)
        return 0; /* the budget is used up: the rest goes to the file early */
    b->memory += k;
    *failed = !buf_append(body, p, k);
    return *failed ? 0 : k;
}

static size_t take_piece(struct body *b, const char *p, size_t n, bool *failed)
{
    if (b->saving || n == 0)
        return 0;
    if (b->piece_max == 0) {
        b->piece_max = PIECE_MIN;
        if (spool_memory_take(b->account, PIECE) == SPOOL_OK) {
            b->memory += PIECE;
            b->piece_max = PIECE;
        }
    }
    size_t room = b->piece_max - buf_len(&b->piece);
    size_t k = n < room ? n : room;
    *failed = !buf_append(&b->piece, p, k);
    return *failed ? 0 : k;
}

struct body_taken body_take(void *arg, struct exchange *x, const char *p, size_t n)
{
    struct active *a = arg;
    struct body *b = x->body_state ? x->body_state : body_new(a, x);
    if (!b)
        return (struct body_taken){.refusal = no_memory};
    bool failed = false;
    size_t k = take_memory(b, p, n, &failed);
    if (!failed)
        k += take_piece(b, p + k, n - k, &failed);
    if (failed)
        return (struct body_taken){.refusal = no_memory};
    return (struct body_taken){.n = k};
}

/* ---- saving ---- */

bool body_unsaved(const struct exchange *x)
{
    const struct body *b = x->body_state;
    return b && buf_len(&b->piece) > 0;
}

void body_complete(struct exchange *x)
{
    struct body *b = x->body_state;
    if (!b || b->piece_max == 0)
        return;
    buf_free(&b->piece);
    if (b->piece_max == PIECE) {
        spool_memory_give(b->account, PIECE);
        b->memory -= PIECE;
    }
    b->piece_max = PIECE_MIN;
}

/* On an io thread. */
static void job_done(struct spool_job *job)
{
    struct body *b = CONTAINER_OF(job, struct body, job);
    group_give_job(b->group, &b->node);
}

struct proto_refusal body_save(struct group *g, struct conn *c, struct exchange *x)
{
    struct body *b = x->body_state;
    CHECK(!b->saving && buf_len(&b->piece) > 0);
    if (!b->file) {
        enum spool_result r = spool_file_new(b->account, &b->file);
        if (r != SPOOL_OK)
            return spool_refusal(r);
    }
    b->group = g;
    b->c = c;
    b->saving = true;
    c->io_jobs++;
    atomic_fetch_add(&g->connector->jobs, 1);
    b->iov = (struct iovec){.iov_base = buf_data(&b->piece), .iov_len = buf_len(&b->piece)};
    b->job = (struct spool_job){.op = SPOOL_WRITE,
                                .file = b->file,
                                .offset = b->saved,
                                .iov = &b->iov,
                                .iov_count = 1,
                                .done = job_done};
    spool_submit(g->connector->options.spool, &b->job);
    return (struct proto_refusal){.status = 0};
}

struct conn *body_saved(struct inbox_node *node, struct proto_refusal *failed)
{
    struct body *b = CONTAINER_OF(node, struct body, node);
    CHECK(b->saving && b->c->io_jobs > 0);
    b->saving = false;
    b->c->io_jobs--;
    *failed = (struct proto_refusal){.status = 0};
    if (b->job.result == SPOOL_OK) {
        b->saved += b->job.moved;
        buf_clear(&b->piece);
    } else {
        *failed = spool_refusal(b->job.result);
    }
    return b->c;
}

/* ---- reading ---- */

int64_t body_failure(const struct exchange *x)
{
    switch (x->body_failed) {
    case 400:
        return CHANNEL_MALFORMED;
    case 408:
        return CHANNEL_GONE;
    case 413:
        return CHANNEL_LIMIT;
    default:
        return CHANNEL_FAILED;
    }
}

int64_t body_read(struct exchange *x, void *p, size_t size)
{
    if (x->body_failed)
        return body_failure(x);
    int64_t n = exchange_read_body(x, p, size);
    struct body *b = x->body_state;
    if (n > 0 || size == 0 || !b)
        return n;
    uint64_t offset = x->body_read - buf_len(&x->req.body);
    uint64_t left = b->saved - offset;
    size_t want = left < size ? (size_t)left : size, moved = 0;
    if (want == 0)
        return 0;
    if (spool_read_now(b->file, p, want, offset, &moved) != SPOOL_OK || moved == 0) {
        x->body_failed = 503;
        return CHANNEL_FAILED;
    }
    x->body_read += moved;
    return (int64_t)moved;
}
