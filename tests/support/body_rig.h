/* SPDX-License-Identifier: Apache-2.0
 * A connector whose bodies go through a spool with faults (spool_faults.h) to a servlet that answers with
 * their size and sum, and clients that send them. Used by tests/unit/connector. */
#ifndef SUPPORT_BODY_RIG_H
#define SUPPORT_BODY_RIG_H
#include "connector_rig.h"
#include "spool_faults.h"

static struct rig rig;

/* Answers with length and sum of the body, as the servlet reads it: in pieces of all sizes. */
static inline void serve(struct engine *e, struct exchange *x)
{
    (void)e;
    char piece[10007], text[64];
    size_t want = 1;
    uint64_t size = 0, sum = 0;
    int64_t n;
    while ((n = x->channel->read(x, piece, want)) > 0) {
        for (int64_t i = 0; i < n; i++)
            sum = sum * 31 + (unsigned char)piece[i];
        size += (uint64_t)n;
        want = want * 7 % sizeof(piece) + 1;
    }
    if (n < 0) {
        x->res.status = x->body_failed;
        x->res.length = 0;
        return;
    }
    int k = snprintf(text, sizeof(text), "%llu %llx", (unsigned long long)size,
                     (unsigned long long)sum);
    x->res.length = k;
    response_write(x, span_make(text, (size_t)k));
}

static inline void begin(void)
{
    memset(&faults, 0, sizeof(faults));
    lock_init(&faults.lock, "faults");
    cond_init(&faults.cond);
    atomic_store(&faults.free_percent, 50);
    rig_init(&rig, serve);
    rig.spool.system = &faulty_system;
    rig.spool.min_free = 5;
    rig.options.body_memory = 1000;
}

static inline struct spool_stats stats(void)
{
    struct spool_stats st;
    spool_stats(rig.options.spool, &st);
    return st;
}

static inline void end(void)
{
    rig_await(stats().files == 0 && stats().memory == 0 && stats().bytes == 0);
    rig_stop(&rig);
    cond_destroy(&faults.cond);
    lock_destroy(&faults.lock);
}

static inline char pattern(size_t i)
{
    return (char)('a' + i * 7 % 26 + i / 4096 % 3);
}

static inline char *make(size_t n)
{
    char *p = malloc(n + 1);
    assert_non_null(p);
    for (size_t i = 0; i < n; i++)
        p[i] = pattern(i);
    p[n] = '\0';
    return p;
}

static inline const char *expected(const char *p, size_t n)
{
    static char text[64];
    uint64_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum = sum * 31 + (unsigned char)p[i];
    snprintf(text, sizeof(text), "%zu %llx", n, (unsigned long long)sum);
    return text;
}

static inline void send_all(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t k = send(fd, p, n, MSG_NOSIGNAL);
        if (k < 0)
            fail_msg("send: %s", strerror(errno));
        p += k;
        n -= (size_t)k;
    }
}

static inline void send_head(int fd, const char *framing)
{
    char head[256];
    snprintf(head, sizeof(head), "POST /x HTTP/1.1\r\nHost: a\r\n%s\r\n\r\n", framing);
    client_send(fd, head);
}

static inline void send_head_of(int fd, size_t n)
{
    char framing[64];
    snprintf(framing, sizeof(framing), "Content-Length: %zu", n);
    send_head(fd, framing);
}

static inline void send_chunked(int fd, const char *p, size_t n, size_t chunk)
{
    send_head(fd, "Transfer-Encoding: chunked");
    while (n > 0) {
        char line[32];
        size_t k = n < chunk ? n : chunk;
        snprintf(line, sizeof(line), "%zx\r\n", k);
        client_send(fd, line);
        send_all(fd, p, k);
        client_send(fd, "\r\n");
        p += k;
        n -= k;
    }
    client_send(fd, "0\r\n\r\n");
}

/* The whole answer up to the end of the stream; the status. */
static inline unsigned refused(int fd, const char *setting)
{
    char text[2048];
    size_t n = 0;
    ssize_t k;
    while ((k = client_read(fd, text + n, sizeof(text) - 1 - n)) > 0)
        n += (size_t)k;
    assert_int_equal(k, 0); /* no reset: the client can read it */
    text[n] = '\0';
    assert_non_null(strstr(text, "Connection: close\r\n"));
    if (!strstr(text, setting))
        fail_msg("no '%s' in %s", setting, text);
    close(fd);
    return (unsigned)strtoul(text + 9, NULL, 10);
}

static inline void still_serves(void)
{
    int fd = client_connect(&rig, 0);
    char *p = make(20000);
    send_head_of(fd, 20000);
    send_all(fd, p, 20000);
    assert_int_equal(client_answer(fd, expected(p, 20000)), 200);
    close(fd);
    free(p);
}

#endif
