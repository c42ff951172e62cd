/* SPDX-License-Identifier: Apache-2.0
 * A file to be answered with, a look at who still has it open, and what clients of such answers need. Used
 * by tests/unit/connector, behind connector_rig.h. */
#ifndef SUPPORT_FILE_ANSWERS_H
#define SUPPORT_FILE_ANSWERS_H
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "connector_rig.h"

#define GET(p) "GET " p " HTTP/1.1\r\nHost: a\r\n\r\n"
#define NEXT   GET("/after")
#define BIG    (8u * 1024 * 1024)

static char path[64]; /* of a file of BIG bytes, byte I is I % 251 */
static struct stat file_stat;
static char pattern[BIG + 251];

/* How many descriptors of the process are of the file. */
static inline unsigned open_files(void)
{
    unsigned n = 0;
    DIR *d = opendir("/proc/self/fd");
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d));) {
        char name[300];
        struct stat st;
        snprintf(name, sizeof(name), "/proc/self/fd/%s", e->d_name);
        if (stat(name, &st) == 0 && st.st_ino == file_stat.st_ino && st.st_dev == file_stat.st_dev)
            n++;
    }
    closedir(d);
    return n;
}

static inline int open_it(void)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    CHECK(fd >= 0);
    return fd;
}

static inline int make_file(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(pattern); i++)
        pattern[i] = (char)(i % 251);
    snprintf(path, sizeof(path), "send_file_%d.tmp", (int)getpid());
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, pattern, BIG) != BIG || fstat(fd, &file_stat) != 0)
        return -1;
    return close(fd);
}

static inline int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

/* After a test that cut it short. */
static inline int mend_file(void)
{
    int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
    bool whole = write(fd, pattern, BIG) == BIG;
    close(fd);
    return whole ? 0 : -1;
}

/* Big answers in big reads. */
static inline void fetch_big(struct rig *rig, const char *request, bool chunked, int window)
{
    int fd = client_connect(rig, window);
    char head[1024];
    static char got[65536];
    client_send(fd, request);
    client_head(fd, head, sizeof(head));
    if (chunked)
        assert_int_equal(client_chunk(fd), BIG);
    for (size_t total = 0; total < BIG;) {
        size_t want = BIG - total < sizeof(got) ? BIG - total : sizeof(got);
        ssize_t n = client_read(fd, got, want);
        assert_true(n > 0);
        assert_memory_equal(got, pattern + total, (size_t)n);
        total += (size_t)n;
    }
    if (chunked)
        client_expect(fd, "\r\n0\r\n\r\n");
    client_send(fd, NEXT);
    client_answer(fd, "/after");
    close(fd);
}

static inline size_t read_to_the_end(int fd)
{
    static char some[65536];
    size_t total = 0;
    for (ssize_t n; (n = client_read(fd, some, sizeof(some))) > 0;)
        total += (size_t)n;
    close(fd);
    return total;
}

/* Whether the next N bytes are the file's first, and come. */
static inline bool read_file(int fd, size_t n)
{
    static char got[65536];
    for (size_t total = 0; total < n;) {
        ssize_t k = client_read(fd, got, n - total < sizeof(got) ? n - total : sizeof(got));
        if (k <= 0 || memcmp(got, pattern + total, (size_t)k) != 0)
            return false;
        total += (size_t)k;
    }
    close(fd);
    return true;
}

static inline void reset_now(int fd)
{
    struct linger reset = {.l_onoff = 1, .l_linger = 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    close(fd);
}

#endif
