/* SPDX-License-Identifier: Apache-2.0
 * What the load client asks for: hello, echo with a random body, big. Each echo body and content type
 * is unlike every other, so an answer that went to the wrong connection is noticed. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "load.h"

enum { POOL = 1 << 20, PATTERN = 26 * 4096 };
static char pool[POOL + 64];      /* random bytes; bodies are slices of it behind a number */
static char pattern[2 * PATTERN]; /* byte i is 'a' + i % 26 */

void load_hash_start(struct load_hash *h)
{
    h->state = 0x6a09e667f3bcc908u;
    h->word = 0;
    h->filled = 0;
}

static uint64_t mix(uint64_t state, uint64_t word)
{
    state = (state ^ word) * 0x9e3779b97f4a7c15u;
    return state ^ state >> 29;
}

void load_hash_add(struct load_hash *h, const void *bytes, size_t size)
{
    const unsigned char *p = bytes;
    while (size > 0 && h->filled > 0) {
        h->word |= (uint64_t)*p++ << (8 * h->filled);
        size--;
        if (++h->filled == 8) {
            h->state = mix(h->state, h->word);
            h->word = 0;
            h->filled = 0;
        }
    }
    uint64_t state = h->state;
    for (; size >= 8; size -= 8, p += 8) {
        uint64_t word;
        memcpy(&word, p, 8); /* little or big end: only compared within this program */
        state = mix(state, word);
    }
    h->state = state;
    for (; size > 0; size--)
        h->word |= (uint64_t)*p++ << (8 * h->filled++);
}

uint64_t load_hash_end(struct load_hash *h)
{
    return mix(mix(h->state, h->word), h->filled);
}

uint64_t load_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u; /* splitmix64: any seed will do */
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

char *load_bytes_room(struct load_bytes *b, size_t more)
{
    if (b->room - b->length < more) {
        size_t room = b->room ? b->room : 256;
        while (room - b->length < more)
            room *= 2;
        char *data = realloc(b->data, room);
        if (!data) {
            fprintf(stderr, "load: out of memory\n");
            exit(2);
        }
        b->data = data;
        b->room = room;
    }
    return b->data + b->length;
}

/* The word-wise loop above and the byte-wise one must agree, else equal bodies split differently would
 * be called different. */
static void check_hash(void)
{
    struct load_hash whole, pieces;
    load_hash_start(&whole);
    load_hash_start(&pieces);
    load_hash_add(&whole, pool, 1000);
    for (size_t at = 0, step = 1; at < 1000; at += step, step = step % 13 + 1)
        load_hash_add(&pieces, pool + at, at + step > 1000 ? 1000 - at : step);
    if (load_hash_end(&whole) != load_hash_end(&pieces)) {
        fprintf(stderr, "load: the hash depends on how the bytes are split\n");
        exit(2);
    }
}

void load_kinds_prepare(struct load_plan *plan)
{
    uint64_t seed = plan->seed;
    for (size_t i = 0; i + 8 <= sizeof pool; i += 8) {
        uint64_t word = load_random(&seed);
        memcpy(pool + i, &word, 8);
    }
    for (size_t i = 0; i < sizeof pattern; i++)
        pattern[i] = (char)('a' + i % 26);
    int n = snprintf(plan->hello_request, sizeof plan->hello_request,
                     "GET %s HTTP/1.1\r\nHost: %s:%d\r\n\r\n", plan->path[LOAD_HELLO], plan->host,
                     plan->port);
    if (n < 0 || (size_t)n >= sizeof plan->hello_request) {
        fprintf(stderr, "load: the path of hello is too long\n");
        exit(2);
    }
    plan->hello_length = (size_t)n;
    check_hash();
}

bool load_big_matches(uint64_t position, const char *bytes, size_t size)
{
    while (size > 0) {
        size_t piece = size < PATTERN ? size : PATTERN;
        if (memcmp(bytes, pattern + position % 26, piece) != 0)
            return false;
        position += piece;
        bytes += piece;
        size -= piece;
    }
    return true;
}

/* 0 to MAX, each order of magnitude about equally often: most are small, the largest do occur. */
static uint64_t random_size(uint64_t *state, uint64_t max)
{
    uint64_t r = load_random(state);
    unsigned bits = 0;
    while (bits < 63 && max >> bits)
        bits++;
    uint64_t size = (r >> 8) & ((UINT64_C(1) << (r % (bits + 1))) - 1);
    return size <= max ? size : max;
}

static void append(struct load_bytes *out, const void *bytes, size_t size)
{
    if (size == 0)
        return;
    memcpy(load_bytes_room(out, size), bytes, size);
    out->length += size;
}

static void append_chunks(struct load_drive *d, struct load_bytes *out, const char *body,
                          size_t size)
{
    char line[32];
    while (size > 0) {
        size_t piece = 1 + load_random(&d->random) % size;
        int n = snprintf(line, sizeof line, "%zx\r\n", piece);
        append(out, line, (size_t)n);
        append(out, body, piece);
        append(out, "\r\n", 2);
        body += piece;
        size -= piece;
    }
    append(out, "0\r\n\r\n", 5);
}

static void make_echo(struct load_drive *d, struct load_bytes *out, struct load_expect *e)
{
    const struct load_plan *plan = d->plan;
    uint64_t r = load_random(&d->random);
    e->serial = (uint32_t)r;
    e->length = random_size(&d->random, plan->body_max);
    bool chunked = r >> 63;
    char head[512], size[40] = "Transfer-Encoding: chunked";
    if (!chunked)
        snprintf(size, sizeof size, "Content-Length: %llu", (unsigned long long)e->length);
    int n = snprintf(head, sizeof head,
                     "POST %s HTTP/1.1\r\nHost: %s:%d\r\nContent-Type: application/x-load-%08x\r\n"
                     "%s\r\n\r\n",
                     plan->path[LOAD_ECHO], plan->host, plan->port, e->serial, size);
    append(out, head, (size_t)n < sizeof head ? (size_t)n : sizeof head - 1);

    const char *slice = pool + (r >> 32) % (POOL - (e->length < POOL ? e->length : POOL) + 1);
    struct load_hash hash;
    load_hash_start(&hash);
    load_hash_add(&hash, slice, (size_t)e->length);
    e->hash = load_hash_end(&hash);
    if (chunked)
        append_chunks(d, out, slice, (size_t)e->length);
    else
        append(out, slice, (size_t)e->length);
}

static void make_big(struct load_drive *d, struct load_bytes *out, struct load_expect *e)
{
    const struct load_plan *plan = d->plan;
    e->length = plan->big_size ? plan->big_size : random_size(&d->random, plan->big_max);
    char head[512];
    int n = snprintf(head, sizeof head, "GET %s?bytes=%llu HTTP/1.1\r\nHost: %s:%d\r\n\r\n",
                     plan->path[LOAD_BIG], (unsigned long long)e->length, plan->host, plan->port);
    append(out, head, (size_t)n < sizeof head ? (size_t)n : sizeof head - 1);
}

void load_request_make(struct load_drive *d, struct load_bytes *out, struct load_expect *e)
{
    const unsigned *weight = d->plan->weight;
    unsigned sum = weight[LOAD_HELLO] + weight[LOAD_ECHO] + weight[LOAD_BIG];
    unsigned pick = sum == weight[LOAD_HELLO] ? 0 : (unsigned)(load_random(&d->random) % sum);
    e->sent_at = d->now;
    if (pick < weight[LOAD_HELLO]) {
        e->kind = LOAD_HELLO;
        e->length = 13;
        append(out, d->plan->hello_request, d->plan->hello_length);
    } else if (pick < weight[LOAD_HELLO] + weight[LOAD_ECHO]) {
        e->kind = LOAD_ECHO;
        make_echo(d, out, e);
    } else {
        e->kind = LOAD_BIG;
        make_big(d, out, e);
    }
}
