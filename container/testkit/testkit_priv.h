/* SPDX-License-Identifier: Apache-2.0
 * Inside the test kit: <cserv/test.h> over the engine. Included by its own files only. */
#ifndef TESTKIT_TESTKIT_PRIV_H
#define TESTKIT_TESTKIT_PRIV_H
#include <cserv/test.h>

#include "base/list.h"
#include "base/lock.h"
#include "base/thread.h"
#include "engine/app.h"
#include "engine/engine.h"
#include "engine/service.h"
#include "http/exchange.h"

#define HOOK_LIMIT_US    30000000u /* for each phase of the webapp's life, and for an answer */
#define STOP_LIMIT_US    10000000u /* while stop says "not yet" */
#define TEST_HOST        "localhost"
#define TEST_CONTEXT_MAX 255u

struct log_kept {
    struct log_kept *next;
    char text[]; /* "LEVEL room message" */
};
/* A thread that runs the webapp's timers, begun by the first. */
struct kit_worker {
    struct engine_workers offered;
    struct engine *engine;
    struct cs_test_app *app;
    struct lock lock;
    struct cond more;
    struct thread thread;
    struct engine_work *first, *last; /* room[0] is the next one */
    bool stop;
};
struct cs_test_app {
    cs_test_options options;
    cs_module rows; /* the descriptor of a webapp without CS_WEBAPP */
    char context_path[TEST_CONTEXT_MAX + 1];
    char *folder, *web_xml, *valves; /* copies; NULL when not given */
    char work[512];                  /* a folder in TMPDIR; "" until something has to lie in it */
    struct engine *engine;
    struct engine_host *host;
    struct context *context;
    struct generation *server, *generation;
    bool server_begun;
    struct app *app;
    struct kit_worker *worker;
    struct list live;     /* of all apps, for their log lines */
    struct list requests; /* under lock */
    struct log_kept *lines, **lines_end;
    struct lock lock;
    /* the phase that the life-cycle thread runs */
    bool (*phase)(struct cs_test_app *a, struct err *err);
    bool phase_ok;
    struct err phase_err;
    uint32_t stop_attempt;
};

struct piece {
    struct piece *next;
    size_t size;
    char bytes[];
};
struct cs_test_request {
    struct cs_test_app *app;
    struct list of_app;
    struct exchange *x;
    bool bad, ran, chunked;
    /* what the client sends */
    struct piece *pieces, **pieces_end, *reading;
    size_t read_of_piece;
    uint64_t body_size;
    int body_end;          /* CS_OK, or what reading answers behind the last piece */
    uint64_t leaves_after; /* bytes of the body */
    /* what it gets: by any thread that the webapp answers on */
    struct lock lock;
    struct cond done;
    struct buf got;
    bool left, ended, complete;
    /* asynchronous: what the thread of cs_test_run waits for */
    struct cond woken;
    bool detached, wake;
    bool arrived; /* of a body that is read while it comes: what follows the piece that was read */
    uint64_t waiting;  /* bytes that the client has not taken, as cs_async_ready_to_write sees it */
    uint64_t alarm_us; /* clock_us; 0: none */
};

/* failure.c: keeps E's text for cs_test_error and tells it. Returns CS_EFAIL. */
int failure(const struct err *e);
int failure_text(const char *text, const char *hint);
void failure_none(void);

/* log_lines.c */
void log_lines_begin(struct cs_test_app *a); /* A gets lines from here on */
void log_lines_end(struct cs_test_app *a);
/* Whose lines this thread makes; NULL: those of every app. Returns the former. */
struct cs_test_app *log_lines_of(struct cs_test_app *a);

/* life.c: from options to a running webapp, and back. False: err. */
bool life_begin(struct cs_test_app *a, struct err *err);
/* No request runs any more, and none reaches A from here on. False: err, and A goes on. */
bool life_quiet(struct cs_test_app *a, struct err *err);
/* Undoes what was begun. False: something did not return, A must stay. */
bool life_end(struct cs_test_app *a, struct err *err);

/* modules.c: on the life-cycle thread of A's generation, or of its server modules. */
bool modules_add(struct cs_test_app *a, struct err *err);
bool modules_add_server(struct cs_test_app *a, struct err *err);
/* valves.c: after the server modules' init, on their thread. */
bool valves_begin(struct cs_test_app *a, struct err *err);
/* A folder for what has to lie in one. */
bool work_folder(struct cs_test_app *a, struct err *err);

/* worker.c */
bool worker_begin(struct cs_test_app *a, struct err *err);
/* What was pushed is done. False: a timer does not return; A must stay. Harmless when it was not begun. */
bool worker_end(struct cs_test_app *a, struct err *err);

/* channel.c */
extern const struct channel_ops memory_channel; /* channel_state is the cs_test_request */
/* Until engine_resume is due. False: nothing happened until the deadline; Q's client has left now. */
bool channel_wait_for_wake(struct cs_test_request *q, uint64_t deadline_us);

#endif
