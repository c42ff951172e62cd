/* SPDX-License-Identifier: Apache-2.0
 * The load client of tests/bench and tests/long: closed loop over keep-alive connections, every answer
 * checked byte by byte. One set of connections belongs to one thread; nothing here is shared but the
 * constant plan. load.c is the program; load_options.c reads its words; load_kinds.c makes requests;
 * load_answer.c reads answers; load_conn.c is one connection; load_drive.c the epoll loop;
 * load_report.c the figures; load_cpu.c what the server spent; load_hold.c idle connections. */
#ifndef SUPPORT_LOAD_H
#define SUPPORT_LOAD_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum load_kind { LOAD_HELLO, LOAD_ECHO, LOAD_BIG, LOAD_KINDS };

/* Everything that can be wrong, counted by kind. */
#define LOAD_ERROR_LIST(X)                                                                    \
    X(CONNECT, "connect", "no connection could be made")                                      \
    X(STATUS, "status", "the status line is not HTTP/1.1 200")                                \
    X(FIELDS, "fields", "a header field is malformed, missing, doubled or has a wrong value") \
    X(FRAMING, "framing", "the length or the chunks of the body are malformed or contradict") \
    X(LENGTH, "length", "the body is shorter or longer than it must be")                      \
    X(BODY, "body", "the body differs from what it must be")                                  \
    X(SURPLUS, "surplus", "bytes arrived that no request asked for")                          \
    X(CLOSED, "closed", "the server closed without saying so, requests were open")            \
    X(OPEN, "open", "the server announced Connection: close and went on, or did not close")   \
    X(TIMEOUT, "timeout", "no answer in time")                                                \
    X(LIMIT, "limit", "the run was ended by its time limit")
enum load_error {
#define X(name, word, text) LOAD_ERROR_##name,
    LOAD_ERROR_LIST(X)
#undef X
        LOAD_ERRORS
};

/* What the run is to do; constant once read. */
struct load_plan {
    const char *host;
    int port;
    unsigned connections, threads, depth;
    uint64_t requests;      /* 0: by time */
    double seconds, warmup; /* warm-up is by time and not counted */
    double timeout, limit;  /* of one answer; of everything */
    unsigned weight[LOAD_KINDS];
    const char *path[LOAD_KINDS];
    uint64_t body_max, big_max;
    uint64_t big_size; /* of every big answer; 0: any up to big_max */
    uint64_t seed;
    pid_t pid;        /* 0, or the server whose CPU time is measured */
    unsigned hold[8]; /* load_hold.c: numbers of connections to stop at */
    unsigned hold_count;
    bool json, fields;
    char hello_request[512]; /* ready to send: it never changes */
    size_t hello_length;
};

/* A hash that may be fed in pieces; equal bytes give equal values however they are split. */
struct load_hash {
    uint64_t state, word;
    unsigned filled; /* bytes in word */
};
void load_hash_start(struct load_hash *h);
void load_hash_add(struct load_hash *h, const void *bytes, size_t size);
uint64_t load_hash_end(struct load_hash *h);

/* One request on its way, and what its answer must be. */
struct load_expect {
    enum load_kind kind;
    uint32_t serial;  /* echo: stands in the content type */
    uint64_t length;  /* of the body */
    uint64_t hash;    /* echo: of the body */
    uint64_t sent_at; /* ns */
};

struct load_bytes {
    char *data;
    size_t length, room;
};
/* Room for MORE bytes behind the present ones. Ends the program when out of memory. */
char *load_bytes_room(struct load_bytes *b, size_t more);

/* Reads one answer after the other out of a stream of bytes. */
enum load_step { LOAD_MORE, LOAD_DONE, LOAD_WRONG };
struct load_answer {
    enum {
        LOAD_AT_HEAD,
        LOAD_AT_BODY,
        LOAD_AT_SIZE,
        LOAD_AT_CHUNK,
        LOAD_AT_END,
        LOAD_AT_TRAILER
    } at;
    bool closes;       /* it says Connection: close */
    uint64_t left;     /* of the body or chunk */
    uint64_t position; /* of the next body byte */
    struct load_hash hash;
    enum load_error error;
    const char *why; /* of LOAD_WRONG: constant text */
    char line[96];   /* of LOAD_WRONG: the line of the head that is wrong, printable; else "" */
};
void load_answer_start(struct load_answer *a);
/* Reads from BYTES what belongs to the answer WANT; *used says how much of it is done with. LOAD_MORE:
 * call again with the unused bytes and more behind them. LOAD_DONE: the answer was right. */
enum load_step load_answer_read(struct load_answer *a, const struct load_expect *want,
                                const char *bytes, size_t size, size_t *used);

/* ---- figures -------------------------------------------------------------------------------------- */
enum { LOAD_BUCKETS = 64 * 32 };
struct load_figures {
    uint64_t requests, by_kind[LOAD_KINDS], bytes, reconnects;
    uint64_t errors[LOAD_ERRORS];
    uint64_t slowest;               /* ns */
    uint32_t latency[LOAD_BUCKETS]; /* logarithmic, 32 steps per doubling */
    double seconds, cpu;            /* of the counted part; cpu < 0: not measured */
};
void load_figures_latency(struct load_figures *f, uint64_t ns);
void load_figures_add(struct load_figures *sum, const struct load_figures *part);
uint64_t load_figures_errors(const struct load_figures *f);
void load_figures_print(const struct load_figures *f, const struct load_plan *plan);
/* CPU seconds spent so far by PID and everything below it. -1: no such process. */
double load_cpu_seconds(pid_t pid);

/* ---- connections ---------------------------------------------------------------------------------- */
struct load_drive;
struct load_conn {
    int fd;               /* -1: closed */
    bool fresh;           /* opened, nothing was answered on it yet */
    bool reopened;        /* it was open before */
    bool leaving;         /* Connection: close came, its end is awaited */
    bool armed;           /* EPOLLOUT is asked for */
    int error;            /* of send: recv would not tell it again */
    unsigned first, open; /* ring of requests under way */
    struct load_expect *ring;
    struct load_answer answer;
    struct load_bytes out, rest; /* not yet sent; head or chunk line that is not complete */
    size_t out_sent;
    uint64_t left_at; /* ns; when Connection: close came */
    struct load_drive *drive;
};

struct load_drive { /* a thread and its connections */
    const struct load_plan *plan;
    unsigned number;
    struct load_conn *conns;
    unsigned room, count; /* connections there is memory for; that are to be open */
    unsigned closed;      /* of COUNT */
    unsigned fresh;       /* kept small: the server's listen backlog is finite */
    unsigned cursor;      /* where to look for a closed one */
    unsigned waiting;     /* requests under way, all connections */
    uint64_t left;        /* requests still to be made */
    bool hold;            /* one request per connection, then silence */
    bool counting;        /* warm-up is over, drain has not begun */
    bool stop;            /* limit reached or too many errors */
    int epoll;
    uint64_t now, checked, deadline; /* ns */
    uint64_t random;
    struct load_figures figures;
    char *input; /* LOAD_INPUT bytes, shared by the connections */
};
enum { LOAD_INPUT = 256 * 1024, LOAD_FRESH_MAX = 48, LOAD_ERRORS_MAX = 100 };

uint64_t load_clock(void);
uint64_t load_random(uint64_t *state);
/* Appends a request to OUT and says what its answer must be. */
void load_request_make(struct load_drive *d, struct load_bytes *out, struct load_expect *expect);
void load_kinds_prepare(struct load_plan *plan);
bool load_big_matches(uint64_t position, const char *bytes, size_t size);

bool load_options_read(struct load_plan *plan, int argc, char **argv, int *exit_code);

/* Opens, makes its first requests and sends them. */
void load_conn_open(struct load_conn *c);
void load_conn_close(struct load_conn *c);
/* Makes requests up to the plan's depth and sends them. */
void load_conn_issue(struct load_conn *c);
void load_conn_event(struct load_conn *c, uint32_t events);
/* Counts an error, prints the first few, closes; the loop opens the connection anew. */
void load_conn_wrong(struct load_conn *c, enum load_error error, const char *why);

bool load_drive_start(struct load_drive *d, const struct load_plan *plan, unsigned number,
                      unsigned connections);
void load_drive_end(struct load_drive *d);
/* One turn of the loop: opens what is closed, waits at most MILLISECONDS for events. */
void load_drive_turn(struct load_drive *d, int milliseconds);
/* Warm-up, counted part, drain. */
void *load_drive_run(void *drive);
/* Opens the plan's numbers of connections and waits for a line on stdin after each. Exit code. */
int load_hold_run(const struct load_plan *plan);

#endif
