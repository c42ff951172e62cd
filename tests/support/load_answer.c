/* SPDX-License-Identifier: Apache-2.0
 * Reads answers as strictly as RFC 9112 allows a client to: what a browser would forgive is an error
 * here. Called by load_conn.c with whatever recv brought. No I/O. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "load.h"

enum { HEAD_MAX = 16 * 1024, SIZE_LINE_MAX = 18 };

struct line {
    const char *at;
    size_t size;
};

struct fields { /* how often each came, and the values that frame the body */
    unsigned length, encoding, type, date, connection;
    uint64_t bytes;
};

void load_answer_start(struct load_answer *a)
{
    a->at = LOAD_AT_HEAD;
    a->closes = false;
    a->position = 0;
    a->left = 0;
    a->line[0] = '\0';
    load_hash_start(&a->hash);
}

static enum load_step wrong(struct load_answer *a, enum load_error error, const char *why)
{
    a->error = error;
    a->why = why;
    return LOAD_WRONG;
}

static void keep_line(struct load_answer *a, struct line l)
{
    size_t n = l.size < sizeof a->line - 1 ? l.size : sizeof a->line - 1;
    for (size_t i = 0; i < n; i++)
        a->line[i] = l.at[i] >= ' ' && l.at[i] < 127 ? l.at[i] : '?';
    a->line[n] = '\0';
}

static bool is_token(char c)
{
    static const char others[] = "!#$%&'*+-.^_`|~";
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr(others, c));
}

static bool has_control(struct line l)
{
    for (size_t i = 0; i < l.size; i++)
        if (((unsigned char)l.at[i] < ' ' && l.at[i] != '\t') || l.at[i] == 127)
            return true;
    return false;
}

static bool equals(struct line l, const char *word)
{
    return l.size == strlen(word) && strncasecmp(l.at, word, l.size) == 0;
}

static bool read_number(struct line l, uint64_t *number)
{
    uint64_t n = 0;
    for (size_t i = 0; i < l.size; i++) {
        if (l.at[i] < '0' || l.at[i] > '9' || n > (UINT64_MAX - 9) / 10)
            return false;
        n = n * 10 + (uint64_t)(l.at[i] - '0');
    }
    *number = n;
    return l.size > 0;
}

/* "Sun, 06 Nov 1994 08:49:37 GMT": the shape, not the calendar. */
static bool is_date(struct line l)
{
    static const char shape[] = "Aaa, 00 Aaa 0000 00:00:00 GMT";
    if (l.size != sizeof shape - 1)
        return false;
    for (size_t i = 0; i < l.size; i++) {
        char s = i < 25 ? shape[i] : '\0', c = l.at[i];
        bool fits = s == '\0'  ? c == shape[i]
                    : s == '0' ? c >= '0' && c <= '9'
                    : s == 'A' ? c >= 'A' && c <= 'Z'
                    : s == 'a' ? c >= 'a' && c <= 'z'
                               : c == s;
        if (!fits)
            return false;
    }
    return true;
}

static bool type_fits(struct line value, const struct load_expect *want)
{
    if (want->kind == LOAD_HELLO) {
        static const char plain[] = "text/plain";
        size_t n = sizeof plain - 1;
        return value.size >= n && strncasecmp(value.at, plain, n) == 0 &&
               (value.size == n || value.at[n] == ';');
    }
    if (want->kind == LOAD_ECHO) {
        char sent[40];
        int n = snprintf(sent, sizeof sent, "application/x-load-%08x", want->serial);
        return value.size == (size_t)n && memcmp(value.at, sent, value.size) == 0;
    }
    return true;
}

/* The options of Connection; unknown ones are of no concern to a client. */
static bool says_close(struct line value)
{
    while (value.size > 0) {
        const char *comma = memchr(value.at, ',', value.size);
        struct line word = {value.at, comma ? (size_t)(comma - value.at) : value.size};
        size_t step = word.size + (comma ? 1 : 0);
        while (word.size > 0 && (*word.at == ' ' || *word.at == '\t'))
            word.at++, word.size--;
        while (word.size > 0 && (word.at[word.size - 1] == ' ' || word.at[word.size - 1] == '\t'))
            word.size--;
        if (equals(word, "close"))
            return true;
        value.at += step;
        value.size -= step;
    }
    return false;
}

static const char *read_field(struct load_answer *a, struct fields *f, struct line l,
                              const struct load_expect *want)
{
    struct line name = {l.at, 0};
    while (name.size < l.size && is_token(l.at[name.size]))
        name.size++;
    if (name.size == 0 || name.size == l.size || l.at[name.size] != ':')
        return "a field's name is not a token followed by a colon";
    struct line value = {l.at + name.size + 1, l.size - name.size - 1};
    if (has_control(value))
        return "a control character stands in a field's value";
    while (value.size > 0 && (*value.at == ' ' || *value.at == '\t'))
        value.at++, value.size--;
    while (value.size > 0 && (value.at[value.size - 1] == ' ' || value.at[value.size - 1] == '\t'))
        value.size--;

    if (equals(name, "Content-Length")) {
        f->length++;
        return read_number(value, &f->bytes) ? NULL : "Content-Length is no number";
    }
    if (equals(name, "Transfer-Encoding")) {
        f->encoding++;
        return equals(value, "chunked") ? NULL : "Transfer-Encoding is not chunked";
    }
    if (equals(name, "Content-Type")) {
        f->type++;
        return type_fits(value, want) ? NULL : "Content-Type is not the one expected";
    }
    if (equals(name, "Date")) {
        f->date++;
        return is_date(value) ? NULL : "Date is malformed";
    }
    if (equals(name, "Connection"))
        a->closes = a->closes || says_close(value);
    return NULL;
}

static const char *check_status(struct line l)
{
    static const char ok[] = "HTTP/1.1 200 ";
    if (l.size < sizeof ok - 1 || memcmp(l.at, ok, sizeof ok - 1) != 0)
        return "not 'HTTP/1.1 200 '";
    return has_control(l) ? "a control character stands in the reason" : NULL;
}

/* What the fields say together; sets what follows the head. */
static enum load_step framing(struct load_answer *a, const struct fields *f,
                              const struct load_expect *want)
{
    if (f->date != 1)
        return wrong(a, LOAD_ERROR_FIELDS, "not exactly one Date");
    if (f->type > 1 || (f->type == 0 && want->kind != LOAD_BIG))
        return wrong(a, LOAD_ERROR_FIELDS, "not exactly one Content-Type");
    if (f->length + f->encoding != 1)
        return wrong(a, LOAD_ERROR_FRAMING, "not exactly one of Content-Length, Transfer-Encoding");
    if (f->encoding) {
        a->at = LOAD_AT_SIZE;
        return LOAD_MORE;
    }
    if (f->bytes != want->length)
        return wrong(a, LOAD_ERROR_LENGTH, "Content-Length is not the length expected");
    a->left = f->bytes;
    a->at = LOAD_AT_BODY;
    return LOAD_MORE;
}

static enum load_step read_head(struct load_answer *a, const struct load_expect *want,
                                const char *bytes, size_t size, size_t *used)
{
    const char *end = memmem(bytes, size, "\r\n\r\n", 4);
    if (!end)
        return size > HEAD_MAX ? wrong(a, LOAD_ERROR_FIELDS, "the head does not end") : LOAD_MORE;
    struct fields f = {0};
    end += 2; /* each line has its CR LF before END */
    for (const char *p = bytes; p < end;) {
        const char *cr = memmem(p, (size_t)(end - p), "\r\n", 2);
        struct line l = {p, (size_t)(cr - p)};
        bool status = p == bytes;
        const char *why = status ? check_status(l) : read_field(a, &f, l, want);
        if (why) {
            keep_line(a, l);
            return wrong(a, status ? LOAD_ERROR_STATUS : LOAD_ERROR_FIELDS, why);
        }
        p = cr + 2;
    }
    *used = (size_t)(end - bytes) + 2;
    return framing(a, &f, want);
}

/* SIZE bytes of the body, as they stand after de-chunking. */
static enum load_step check_body(struct load_answer *a, const struct load_expect *want,
                                 const char *bytes, size_t size)
{
    static const char hello[] = "Hello, World!";
    bool good = true;
    if (want->kind == LOAD_HELLO)
        good = memcmp(hello + a->position, bytes, size) == 0;
    else if (want->kind == LOAD_ECHO)
        load_hash_add(&a->hash, bytes, size);
    else
        good = load_big_matches(a->position, bytes, size);
    if (!good)
        return wrong(a, LOAD_ERROR_BODY, "the body is not the one expected");
    a->position += size;
    return LOAD_MORE;
}

static enum load_step finish(struct load_answer *a, const struct load_expect *want)
{
    if (a->position != want->length)
        return wrong(a, LOAD_ERROR_LENGTH, "the chunks end before the length expected");
    if (want->kind == LOAD_ECHO && load_hash_end(&a->hash) != want->hash)
        return wrong(a, LOAD_ERROR_BODY, "the body came back changed (hashes differ)");
    return LOAD_DONE;
}

/* "1f4\r\n"; extensions are not expected of any server here. */
static enum load_step read_size(struct load_answer *a, const struct load_expect *want,
                                const char *bytes, size_t size, size_t *used)
{
    const char *lf = memchr(bytes, '\n', size < SIZE_LINE_MAX ? size : SIZE_LINE_MAX);
    if (!lf)
        return size < SIZE_LINE_MAX
                   ? LOAD_MORE
                   : wrong(a, LOAD_ERROR_FRAMING, "a chunk's size line is too long");
    if (lf - bytes < 2 || lf[-1] != '\r')
        return wrong(a, LOAD_ERROR_FRAMING, "a chunk's size line does not end with CR LF");
    uint64_t n = 0;
    for (const char *p = bytes; p < lf - 1; p++) {
        int digit = *p >= '0' && *p <= '9'   ? *p - '0'
                    : *p >= 'a' && *p <= 'f' ? *p - 'a' + 10
                    : *p >= 'A' && *p <= 'F' ? *p - 'A' + 10
                                             : -1;
        if (digit < 0)
            return wrong(a, LOAD_ERROR_FRAMING, "a chunk's size is not hexadecimal");
        n = n << 4 | (uint64_t)digit;
    }
    *used = (size_t)(lf - bytes) + 1;
    if (n > want->length - a->position)
        return wrong(a, LOAD_ERROR_LENGTH, "the chunks are longer than the length expected");
    a->left = n;
    a->at = n ? LOAD_AT_CHUNK : LOAD_AT_TRAILER;
    return LOAD_MORE;
}

static enum load_step read_blank(struct load_answer *a, const char *bytes, size_t size,
                                 size_t *used)
{
    if (size < 2)
        return LOAD_MORE;
    if (memcmp(bytes, "\r\n", 2) != 0)
        return wrong(a, LOAD_ERROR_FRAMING, "CR LF is missing behind a chunk");
    *used = 2;
    return LOAD_DONE;
}

enum load_step load_answer_read(struct load_answer *a, const struct load_expect *want,
                                const char *bytes, size_t size, size_t *used)
{
    *used = 0;
    for (;;) {
        size_t done = 0;
        enum load_step step = LOAD_MORE;
        const char *p = bytes + *used;
        size_t n = size - *used;
        if (a->at == LOAD_AT_HEAD) {
            step = read_head(a, want, p, n, &done);
        } else if (a->at == LOAD_AT_SIZE) {
            step = read_size(a, want, p, n, &done);
        } else if (a->at == LOAD_AT_END || a->at == LOAD_AT_TRAILER) {
            step = read_blank(a, p, n, &done);
            if (step == LOAD_DONE && a->at == LOAD_AT_TRAILER)
                step = finish(a, want);
            else if (step == LOAD_DONE)
                step = LOAD_MORE, a->at = LOAD_AT_SIZE;
        } else { /* the body or a chunk of it */
            done = n < a->left ? n : (size_t)a->left;
            step = check_body(a, want, p, done);
            a->left -= done;
            if (step == LOAD_MORE && a->left == 0 && a->at == LOAD_AT_BODY)
                step = finish(a, want);
            else if (a->left == 0)
                a->at = LOAD_AT_END;
        }
        *used += done;
        if (step != LOAD_MORE || done == 0)
            return step;
    }
}
