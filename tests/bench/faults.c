/* SPDX-License-Identifier: Apache-2.0
 * A server that answers wrongly in the way its request's path names: load_check.sh proves with it that
 * the load client notices each. One connection at a time, one request at a time. Usage: faults PORT. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define DATE    "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
#define TYPE    "Content-Type: text/plain\r\n"
#define SIZE    "Content-Length: 13\r\n"
#define CHUNKED "Transfer-Encoding: chunked\r\n"
#define OK      "HTTP/1.1 200 OK\r\n"
#define BODY    "\r\nHello, World!"

enum after { KEEP, CLOSE };
static const struct fault {
    const char *name, *answer;
    enum after after;
} faults[] = {
    {"good", OK DATE TYPE SIZE BODY, KEEP},
    {"good-chunked", OK DATE TYPE CHUNKED "\r\n5\r\nHello\r\n08\r\n, World!\r\n0\r\n\r\n", KEEP},
    {"good-close", OK DATE TYPE SIZE "Connection: foo , Close\r\n" BODY, CLOSE},
    {"good-bytewise", OK DATE TYPE CHUNKED "\r\nd\r\nHello, World!\r\n0\r\n\r\n", KEEP},
    {"status-code", "HTTP/1.1 500 No\r\n" DATE TYPE SIZE BODY, KEEP},
    {"status-version", "HTTP/1.0 200 OK\r\n" DATE TYPE SIZE BODY, KEEP},
    {"status-blank", "HTTP/1.1 200\r\n" DATE TYPE SIZE BODY, KEEP},
    {"fields-no-date", OK TYPE SIZE BODY, KEEP},
    {"fields-two-dates", OK DATE DATE TYPE SIZE BODY, KEEP},
    {"fields-bad-date", OK "Date: Sun, 6 Nov 1994 08:49:37 GMT\r\n" TYPE SIZE BODY, KEEP},
    {"fields-no-type", OK DATE SIZE BODY, KEEP},
    {"fields-wrong-type", OK DATE "Content-Type: text/plainer\r\n" SIZE BODY, KEEP},
    {"fields-line-feed", OK DATE "X: a\n" TYPE SIZE BODY, KEEP},
    {"fields-fold", OK DATE "X: a\r\n b\r\n" TYPE SIZE BODY, KEEP},
    {"fields-blank-before-colon", OK DATE "X : a\r\n" TYPE SIZE BODY, KEEP},
    {"fields-no-colon", OK DATE "X\r\n" TYPE SIZE BODY, KEEP},
    {"framing-none", OK DATE TYPE BODY, CLOSE},
    {"framing-both", OK DATE TYPE SIZE CHUNKED "\r\nd\r\nHello, World!\r\n0\r\n\r\n", KEEP},
    {"framing-two-lengths", OK DATE TYPE SIZE SIZE BODY, KEEP},
    {"framing-size", OK DATE TYPE CHUNKED "\r\nd;x\r\nHello, World!\r\n0\r\n\r\n", KEEP},
    {"framing-size-line", OK DATE TYPE CHUNKED "\r\nd\nHello, World!\r\n0\r\n\r\n", KEEP},
    {"framing-chunk-end", OK DATE TYPE CHUNKED "\r\nd\r\nHello, World!0\r\n\r\n", KEEP},
    {"framing-trailer", OK DATE TYPE CHUNKED "\r\nd\r\nHello, World!\r\n0\r\nX: a\r\n\r\n", KEEP},
    {"length-short", OK DATE TYPE "Content-Length: 12\r\n\r\nHello, World", KEEP},
    {"length-long-chunks", OK DATE TYPE CHUNKED "\r\ne\r\nHello, World!!\r\n0\r\n\r\n", KEEP},
    {"length-short-chunks", OK DATE TYPE CHUNKED "\r\n5\r\nHello\r\n0\r\n\r\n", KEEP},
    {"body-other", OK DATE TYPE SIZE "\r\nHello, world!", KEEP},
    {"surplus-bytes", OK DATE TYPE SIZE BODY "!", KEEP},
    {"closed-within", OK DATE TYPE SIZE "\r\nHello", CLOSE},
    {"closed-before", "", CLOSE},
    {"open-stays", OK DATE TYPE SIZE "Connection: close\r\n" BODY, KEEP},
    {"open-goes-on", OK DATE TYPE SIZE "Connection: close\r\n" BODY OK, CLOSE},
    {"timeout-nothing", "", KEEP},
    {"timeout-half", OK DATE TYPE SIZE "\r\nHello", KEEP},
};

static char input[1 << 20], body[1 << 20];

/* True when HAVE bytes of input hold a whole request; its body goes to body. */
static int complete(size_t have, size_t *size)
{
    input[have] = '\0';
    char *end = memmem(input, have, "\r\n\r\n", 4), *length;
    *size = 0;
    if (!end)
        return 0;
    char *p = end + 4, *stop = input + have;
    if ((length = strstr(input, "Content-Length: ")) && length < end) {
        *size = strtoul(length + 16, NULL, 10);
        memcpy(body, p, (size_t)(stop - p) < *size ? (size_t)(stop - p) : *size);
        return (size_t)(stop - p) >= *size;
    }
    if (!strstr(input, "Transfer-Encoding: chunked\r\n"))
        return 1;
    for (;;) { /* what the load client sends is well-formed */
        char *line = memmem(p, (size_t)(stop - p), "\r\n", 2);
        size_t piece = line ? strtoul(p, NULL, 16) : 0;
        if (!line || (size_t)(stop - line) < piece + 4)
            return 0;
        if (piece == 0)
            return 1;
        memcpy(body + *size, line + 2, piece);
        *size += piece;
        p = line + 2 + piece + 2;
    }
}

/* What depends on the request: /echo-..., /big-... */
static void answer_made(int fd, const char *path, size_t size)
{
    char head[512], type[64] = "text/plain";
    if (strncmp(path, "echo", 4) == 0) {
        char *sent = strstr(input, "Content-Type: ");
        snprintf(type, sizeof type, "%.27s", sent ? sent + 14 : "");
        if (strncmp(path, "echo-type", 9) == 0)
            type[26] = (char)(type[26] ^ 1);
        if (strncmp(path, "echo-flip", 9) == 0 && size > 0)
            body[size - 1] = (char)(body[size - 1] ^ 1);
    } else {
        size = strtoul(strchr(path, '=') + 1, NULL, 10);
        for (size_t i = 0; i < size; i++)
            body[i] = (char)('a' + (i + (strncmp(path, "big-shift", 9) == 0 && i > 100)) % 26);
    }
    int n = snprintf(head, sizeof head, OK DATE "Content-Type: %s\r\nContent-Length: %zu\r\n\r\n",
                     type, size);
    send(fd, head, (size_t)n, MSG_NOSIGNAL);
    for (size_t sent = 0; sent < size;) {
        ssize_t k = send(fd, body + sent, size - sent, MSG_NOSIGNAL);
        if (k <= 0)
            return;
        sent += (size_t)k;
    }
}

/* False: close. */
static int answer(int fd, size_t size)
{
    const char *path = strchr(input, '/') + 1;
    if (strncmp(path, "echo", 4) == 0 || strncmp(path, "big", 3) == 0) {
        answer_made(fd, path, size);
        return 1;
    }
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        const struct fault *f = &faults[i];
        size_t n = strlen(f->name), step = strcmp(f->name, "good-bytewise") == 0 ? 1 : 4096;
        if (strncmp(path, f->name, n) != 0 || path[n] != ' ')
            continue;
        for (const char *p = f->answer; *p; p += strnlen(p, step))
            if (send(fd, p, strnlen(p, step), MSG_NOSIGNAL) < 0)
                return 0;
        return f->after == KEEP;
    }
    fprintf(stderr, "faults: unknown path %.40s\n", path);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: faults PORT\n");
        return 2;
    }
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1]))};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&at, sizeof at) < 0 || listen(listener, 16) < 0)
        return 1;
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        size_t have = 0, size = 0;
        ssize_t n;
        while (have + 1 < sizeof input &&
               (n = recv(fd, input + have, sizeof input - 1 - have, 0)) > 0) {
            have += (size_t)n;
            if (!complete(have, &size))
                continue;
            have = 0;
            if (!answer(fd, size))
                break;
        }
        close(fd);
    }
}
