/* SPDX-License-Identifier: Apache-2.0
 * Output chains: see chain.h. Used by connector (posted output, the drain behind a lease) and http1. */
#include "base/chain.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/check.h"

/* One allocation per copied piece: large enough that a stream of small writes needs few, small
 * enough that a nearly empty chain is cheap. */
#define PIECE_SIZE 4096u

struct chain_piece {
    struct chain_piece *next;
    const char *at; /* NULL: a range of a file */
    size_t len;
    size_t room;   /* bytes free behind at + len, own copies only */
    size_t memory; /* of this piece */
    uint64_t offset;
    int fd;
    chain_release_fn *release;
    void *arg;
    char own[];
};

static void chain_push(struct chain *c, struct chain_piece *piece)
{
    piece->next = NULL;
    if (c->last)
        c->last->next = piece;
    else
        c->first = piece;
    c->last = piece;
    c->len += piece->len;
    c->held += piece->memory;
}

bool chain_copy(struct chain *c, const void *p, size_t n)
{
    size_t fits = c->last && c->last->room < n ? c->last->room : n;
    struct chain_piece *piece = NULL;
    if (!c->last)
        fits = 0;
    if (n > fits) {
        size_t rest = n - fits;
        size_t size = rest < PIECE_SIZE ? PIECE_SIZE : rest;
        if (size > SIZE_MAX - sizeof(*piece) || !(piece = malloc(sizeof(*piece) + size)))
            return false;
        *piece = (struct chain_piece){
            .at = piece->own, .len = rest, .room = size - rest, .memory = sizeof(*piece) + size};
        memcpy(piece->own, (const char *)p + fits, rest);
    }
    if (fits > 0) {
        char *end = c->last->own + (c->last->at - c->last->own) + c->last->len;
        memcpy(end, p, fits);
        c->last->len += fits;
        c->last->room -= fits;
        c->len += fits;
    }
    if (piece)
        chain_push(c, piece);
    return true;
}

bool chain_ref(struct chain *c, const void *p, size_t n, chain_release_fn *release, void *arg)
{
    struct chain_piece *piece = malloc(sizeof(*piece));
    if (!piece)
        return false;
    *piece = (struct chain_piece){
        .at = p ? p : "", .len = n, .memory = sizeof(*piece), .release = release, .arg = arg};
    chain_push(c, piece);
    return true;
}

bool chain_put_front(struct chain *c, const void *p, size_t n, chain_release_fn *release, void *arg)
{
    struct chain one = CHAIN_EMPTY;
    if (!chain_ref(&one, p, n, release, arg))
        return false;
    one.first->next = c->first;
    c->first = one.first;
    if (!c->last)
        c->last = one.first;
    c->len += one.len;
    c->held += one.held;
    return true;
}

bool chain_file(struct chain *c, int fd, uint64_t offset, size_t length, chain_release_fn *release,
                void *arg)
{
    struct chain_piece *piece = malloc(sizeof(*piece));
    if (!piece)
        return false;
    *piece = (struct chain_piece){.fd = fd,
                                  .offset = offset,
                                  .len = length,
                                  .memory = sizeof(*piece),
                                  .release = release,
                                  .arg = arg};
    chain_push(c, piece);
    return true;
}

void chain_close_fd(void *arg)
{
    close((int)(intptr_t)arg);
}

bool chain_front_file(const struct chain *c, struct chain_range *out)
{
    const struct chain_piece *piece = c->first;
    while (piece && piece->len == 0)
        piece = piece->next;
    if (!piece || piece->at)
        return false;
    *out = (struct chain_range){piece->fd, piece->offset, piece->len};
    return true;
}

static void chain_pop(struct chain *c)
{
    struct chain_piece *piece = c->first;
    c->first = piece->next;
    if (!c->first)
        c->last = NULL;
    c->held -= piece->memory;
    if (piece->release)
        piece->release(piece->arg);
    free(piece);
}

size_t chain_move(struct chain *to, struct chain *from, size_t max)
{
    size_t moved = 0;
    while (from->first && moved < max) {
        struct chain_piece *piece = from->first;
        from->first = piece->next;
        if (!from->first)
            from->last = NULL;
        from->len -= piece->len;
        from->held -= piece->memory;
        moved += piece->len;
        chain_push(to, piece);
    }
    return moved;
}

void chain_join(struct chain *to, struct chain *from)
{
    struct chain_piece *a = to->last, *b = from->first;
    if (a && b && !a->at && !b->at && a->fd == b->fd && a->release == b->release &&
        a->arg == b->arg && a->offset + a->len == b->offset) {
        a->len += b->len;
        to->len += b->len;
        from->len -= b->len;
        chain_pop(from);
    }
    chain_move(to, from, SIZE_MAX);
}

int chain_iov(const struct chain *c, struct iovec *iov, int max)
{
    int n = 0;
    for (struct chain_piece *piece = c->first; piece && n < max; piece = piece->next) {
        if (piece->len == 0)
            continue;
        if (!piece->at)
            break;
        iov[n].iov_base = (void *)(uintptr_t)piece->at;
        iov[n].iov_len = piece->len;
        n++;
    }
    return n;
}

void chain_consume(struct chain *c, size_t n)
{
    CHECK(n <= c->len);
    c->len -= n;
    while (c->first && n >= c->first->len) {
        n -= c->first->len;
        chain_pop(c);
    }
    if (n > 0) {
        if (c->first->at)
            c->first->at += n;
        else
            c->first->offset += n;
        c->first->len -= n;
    }
}

void chain_clear(struct chain *c)
{
    while (c->first)
        chain_pop(c);
    c->len = 0;
}
