/* SPDX-License-Identifier: Apache-2.0
 * Output chains: see chain.h. Used by connector (posted output, the drain behind a lease) and http1. */
#include "base/chain.h"

#include <stdlib.h>

#include "base/check.h"

/* One allocation per copied piece: large enough that a stream of small writes needs few, small
 * enough that a nearly empty chain is cheap. */
#define PIECE_SIZE 4096u

struct chain_piece {
    struct chain_piece *next;
    const char *at;
    size_t len;
    size_t room; /* bytes free behind at + len, own copies only */
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
        memcpy(piece->own, (const char *)p + fits, rest);
        piece->at = piece->own;
        piece->len = rest;
        piece->room = size - rest;
        piece->release = NULL;
        piece->arg = NULL;
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
    *piece = (struct chain_piece){.at = p, .len = n, .release = release, .arg = arg};
    chain_push(c, piece);
    return true;
}

static void chain_pop(struct chain *c)
{
    struct chain_piece *piece = c->first;
    c->first = piece->next;
    if (!c->first)
        c->last = NULL;
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
        moved += piece->len;
        chain_push(to, piece);
    }
    return moved;
}

int chain_iov(const struct chain *c, struct iovec *iov, int max)
{
    int n = 0;
    for (struct chain_piece *piece = c->first; piece && n < max; piece = piece->next) {
        if (piece->len == 0)
            continue;
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
        c->first->at += n;
        c->first->len -= n;
    }
}

void chain_clear(struct chain *c)
{
    while (c->first)
        chain_pop(c);
    c->len = 0;
}
