/* SPDX-License-Identifier: Apache-2.0
 * Inside the connector room: a group is one poller with its inbox, its workers and the memory of its
 * busy connections; a connector is one or more groups behind one set of listeners. */
#ifndef CONNECTOR_GROUP_PRIV_H
#define CONNECTOR_GROUP_PRIV_H
#include "base/lock.h"
#include "base/thread.h"
#include "connector/body.h"
#include "connector/connector.h"
#include "connector/lease.h"
#include "connector/pace.h"
#include "connector/role.h"
#include "connector/states.h"
#include "connector/store.h"
#include "engine/service.h"
#include "http/proto.h"
#include "http1/h1.h"
#include "net/listener.h"
#include "spool/spool.h"
#include "workers/pool.h"

/* What pops out of the inbox. */
enum node_kind {
    NODE_RETURN, /* a connection comes back from its lease: act on c->verdict */
    NODE_POSTED, /* a posted exchange has output */
    NODE_ADOPT,  /* an accepted socket for this group */
    NODE_CALL,   /* run a function with the role held */
    NODE_BODY,   /* a part of a request's body was written to its file, or could not be */
    NODE_FILE    /* a part of a file that is being sent was read */
};

enum job_kind { JOB_LEASE, JOB_EXCHANGE, JOB_RESUME, JOB_RECORDS, JOB_WORK };

/* A task for a worker: a lent connection, an exchange of a multiplexing protocol, one that goes on, the
 * group's records, or work of a webapp. */
struct job {
    struct task task;
    enum job_kind kind;
    struct exchange *x; /* JOB_EXCHANGE, JOB_RESUME */
};

/* The memory of a connection that is not idle. Owned as the connection is. */
struct active {
    struct active *next_free;
    struct conn *c;
    struct group *group;
    struct job job;
    struct buf in;     /* received, not consumed */
    struct buf gather; /* leased: answers gathered for one send */
    struct chain out;  /* on its way to the socket, sent by the poller */
    const struct proto_ops *proto;
    void *px;                   /* the protocol's state */
    struct exchange *x;         /* not multiplexed: the exchange under way, else NULL */
    struct exchange *receiving; /* not multiplexed: the one whose body comes, the protocol's */
    enum proto_verdict parsed;  /* what the last feed said */
    uint32_t slot;              /* hazard slot of the owning thread */
    uint32_t under_way;         /* multiplexed: exchanges that went up and are not done */
    bool closing;               /* after the output is out: no more requests */
    bool untrusted;             /* ... and what is still to come must be drained (linger) */
    bool in_body;               /* the head of the request under way is complete */
    bool head_timed;            /* the head's deadline runs */
    bool body_timed;            /* the body's pace is measured */
    bool body_waits;            /* PARKED: for more of the request's body, by the pace of `input` */
    bool look;                  /* for a reset, when the deadline comes up */
    bool reading;               /* an io thread reads of the file in front of `out` */
    uint32_t body_rate, send_rate; /* bytes/s at least, of the request under way; 0: none */
    int64_t received, sent;        /* bytes, by the poller; sent to the socket's buffer */
    int64_t sent_before;           /* at the last conn_wait_output */
    uint64_t head_until_us;        /* head_timed */
    struct pace input, output;
    uint64_t linger_left;   /* bytes that are still dropped in LINGER */
    uint64_t refused_body;  /* announced body of a refused request: the client may still send it */
    uint64_t warm, warm_us; /* bytes of that file known to be in memory, since when */
};

struct call_node { /* NODE_CALL; lives on the caller's stack until done */
    struct inbox_node node;
    void (*fn)(struct group *g, void *arg);
    void *arg;
    struct lock lock;
    struct cond cond;
    bool done;
};
struct adopt_node { /* NODE_ADOPT; malloced */
    struct inbox_node node;
    int fd;
    struct conn_address peer;
    const struct net_listener *listener;
};

struct queue_counts {          /* requests that no task was counted for */
    _Atomic uint64_t inlined;  /* run by the holder of the poller role */
    _Atomic uint64_t followed; /* run in the lease of the one before */
};

#define REFUSALS_MAX 64u /* reasons a protocol may have */

struct group {
    struct connector *connector;
    uint32_t number;
    uint32_t id;   /* unique in the process */
    uint32_t slot; /* hazard slot of the holder of the role */
    struct role role;
    uint32_t inline_max; /* batches up to this are run by the holder itself */
    struct poller *poller;
    struct pool *pool;
    struct inbox inbox;
    struct thread threads[2];        /* either holds the poller role */
    struct list again;               /* of conn->again */
    struct list idle;                /* of conn->again, too: oldest first */
    struct wheel alarms;             /* of detached exchanges: resume.c */
    uint64_t scan_again_us, late_us; /* room.c, fair.c */
    struct queue_counts *counts;     /* by queue */
    uint32_t kept;                   /* workers that only reserved webapps get */
    struct task *batch, **batch_end; /* complete requests of this turn */
    struct active *free_actives;
    struct lock waiting_lock;
    struct waiting *waiting;          /* by queue; under waiting_lock */
    _Atomic uint32_t writers_waiting; /* in all */
    struct records *records;          /* NULL: no valve takes any */
    struct job records_job;
    _Atomic bool records_queued;
    struct engine_workers workers; /* ours, as the engine knows them: work.c */
    uint32_t free_count;
    bool draining, stopping;
    _Atomic uint32_t states[CONN_STATE_COUNT];
    _Atomic uint64_t closed[CLOSE_REASON_COUNT];
    _Atomic uint64_t refused[REFUSALS_MAX]; /* by the protocol's reason */
};

struct connector {
    struct connector_options options;
    struct h1_config h1;
    const struct proto_ops *proto;
    const void *proto_config;
    const struct transport_ops *transport;
    char name[32];
    struct spool_account **accounts; /* by queue */
    struct group *groups;
    uint32_t group_count, next_group;
    struct net_listener **listeners;
    size_t listener_count;
    uint32_t room_line; /* more connections than this: room is made */
    _Atomic uint32_t connections;
    _Atomic uint32_t jobs;     /* of io threads that will yet give something to an inbox */
    _Atomic uint32_t detached; /* exchanges whose answer is made by others and is not over */
    _Atomic bool draining, accept_paused;
    struct lock lock;  /* for `empty` */
    struct cond empty; /* a connection ended while draining */
};

/* active.c: memory of busy connections. Poller. */
struct active *active_take(struct group *g, struct conn *c); /* NULL: out of memory */
void active_give(struct group *g, struct active *a);
void active_free_all(struct group *g);

/* upcalls.c */
void refusal_log(unsigned status, const char *setting, const char *why); /* texts: constants */
extern const struct proto_upcalls connector_upcalls;
void conn_find_local(struct conn *c); /* owner; once per connection it asks the socket */

/* input.c: poller. Runs C according to its state: reads, parses, sends; may free C. */
void conn_run(struct group *g, struct conn *c);
void conn_input(struct group *g, struct conn *c);
/* C is PARKED from now on: memory that only its next request needs goes back. */
void conn_rest(struct conn *c);
/* a->x is complete; it goes to a worker when all of its body is where the worker looks for it. */
void conn_ready(struct group *g, struct conn *c);
void conn_again(struct group *g, struct conn *c);
/* Nobody takes its request: 503 in its place. */
void conn_busy(struct group *g, struct conn *c, enum proto_busy why);
void conn_parsed_close(struct conn *c); /* owner; looks at a->parsed */
/* A job for the body under way on C is done: node kind NODE_BODY. */
void conn_body_saved(struct group *g, struct inbox_node *node);
/* The owner's fill: reads and feeds; a->parsed tells on FILL_STOP. */
enum fill_result conn_fill(struct conn *c, size_t budget);

/* output.c: poller. */
long conn_sendv(struct conn *c, const struct iovec *iov, int n,
                bool more); /* owner; as transport_ops.sendv */
enum send_result {
    SEND_DONE,
    SEND_BLOCKED, /* an edge will come */
    SEND_TURN,    /* it had its share of this turn: conn_again */
    SEND_DISK,    /* an io thread reads what comes next: its end runs C again */
    SEND_FAILED,  /* the connection */
    SEND_FILE,    /* a file that is part of the answer cannot be read */
    SEND_NO_MEMORY
};
enum send_result conn_send(struct conn *c); /* a->out to the socket */
/* SENT is SEND_FAILED or what comes after it. */
void conn_send_failed(struct group *g, struct conn *c, enum send_result sent);
void conn_output(struct group *g, struct conn *c);       /* state SEND */
void conn_pump(struct group *g, struct conn *c);         /* state PARKED */
void conn_parked(struct group *g, struct conn *c);       /* ... and what comes in */
void conn_after_answer(struct group *g, struct conn *c); /* output is out: next request or close */
void conn_finish_exchange(struct conn *c); /* a->x is over: record, back to the protocol */

/* file_window.c: poller. */
/* What comes next of a->out is F: sends some. SEND_DONE: *SENT bytes went out. */
enum send_result conn_send_file(struct conn *c, const struct chain_range *f, size_t *sent);
void conn_file_read(struct group *g, struct inbox_node *node); /* NODE_FILE */

/* ending.c: poller. */
void conn_idle(struct group *g, struct conn *c);
void conn_linger(struct group *g, struct conn *c);
void conn_linger_read(struct group *g, struct conn *c);
void conn_die(struct group *g, struct conn *c, enum close_reason reason);
/* A job of C, which is DEAD, is done: with the last one C is freed. */
void conn_job_done(struct group *g, struct conn *c);
bool conn_armed(struct group *g, struct conn *c); /* arms if needed; false: C is gone */

/* deadline.c: poller. */
void conn_deadline(struct conn *c);
void conn_wait_input(struct group *g, struct conn *c); /* HEAD, BODY: what came completes nothing */
void conn_wait_output(struct group *g, struct conn *c); /* the client has to take something */
void conn_wait_nothing(struct conn *c);                 /* from the client */
struct pace_rule conn_input_rule(const struct group *g, const struct active *a);  /* owner */
struct pace_rule conn_output_rule(const struct group *g, const struct active *a); /* owner */
int64_t conn_taken(const struct conn *c); /* bytes that have reached the client */
/* Too slow: says 408 if it can do so at once, and closes; drops output that was not taken. */
void conn_cut_off(struct group *g, struct conn *c, enum close_reason reason);

/* room.c: poller. */
uint32_t room_line(uint32_t max_connections);
void group_make_room(struct group *g);

/* fair.c */
uint32_t fair_kept(const struct connector *c, uint32_t threads); /* of a group's THREADS */
void fair_set_limits(struct group *g, uint32_t threads);
void fair_task(struct active *a, uint32_t slot); /* A's complete request becomes a task to push */
void fair_push(struct group *g, struct task *first); /* poller; refuses what has no room */
void fair_refuse_late(struct group *g);              /* poller, each turn */
/* A lease has ended in which SERVED requests of QUEUE were run; INLINED: not as a task of the pool. Any
 * thread. */
void fair_count(struct group *g, uint32_t queue, bool inlined, uint32_t served);

/* mux.c: poller. */
void conn_mux(struct group *g, struct conn *c);
enum close_reason conn_mux_overdue(const struct conn *c); /* what its deadline was for */

/* serve.c: workers. */
extern const struct pool_ops connector_pool_ops;
void connector_run(struct group *g, uint32_t slot, struct task *t, bool inlined);

/* leased.c: the direct path. */
struct lease {
    struct group *group;
    struct conn *c;
    struct active *a;
    struct spool_account *account; /* of the request under way */
    struct store *store;           /* for what of complete answers the socket does not take */
    bool ended;                    /* the connection went back: only the exchange is ours */
    bool broken;                   /* the socket failed */
    /* stream.c: the servlet reads the body as it comes, so the connection stays here until the end of
     * the body or of the request. */
    bool streams;
    struct pace input, output;
    uint64_t input_us, output_us; /* their clocks: only waiting counts */
};
extern const struct channel_ops leased_channel;
/* Sends what is gathered. False: not all of it left; the rest is in a->out (or the lease is broken). */
bool lease_send(struct lease *l);
/* For the files of the direct path. */
enum send_result lease_flush(struct lease *l,
                             bool more); /* SEND_BLOCKED: the rest is still gathered */
enum channel_result lease_push(struct lease *l, struct exchange *x); /* and ends it if it must */
bool lease_have_head(struct lease *l, struct exchange *x);           /* false: broken */
void lease_break(struct lease *l, enum close_reason reason);
/* The handler still runs, the client does not keep up: from now on the poller sends. What is gathered goes
 * on its way; RAW further bytes will follow as posted_raw..., and posted_raw_end when there were any. */
enum channel_result lease_end_early(struct lease *l, struct exchange *x, size_t raw);
/* stream.c: bodies that servlets read from the client. Worker. */
void stream_begin(struct lease *l, const struct exchange *x); /* X is served now */
int64_t leased_read(struct exchange *x, void *p, size_t size);
/* The rest of it is read on the poller (posted_body.c). False: the lease is broken. */
bool stream_leave(struct lease *l, const struct exchange *x);
bool stream_wait_output(struct lease *l); /* room in the socket; false: the lease is broken */
void stream_end(struct conn *c, const struct exchange *x); /* owner: X, ROUTE_STREAM, is answered */
/* leased_file.c */
enum channel_result leased_send_file(struct exchange *x, int fd, uint64_t offset, uint64_t length);
/* leased_hint.c */
enum channel_result leased_hint(struct exchange *x);
void lease_give_back(struct group *g, struct conn *c, enum conn_state verdict);

struct posted;
/* posted_body.c: bodies that are read while no worker has their exchange */
bool posted_takes_body(struct posted *p, struct active *a); /* false: out of memory */
/* Poller, of one that is PARKED: receives as much as the exchange takes. False: C is gone. */
bool conn_body_in(struct group *g, struct conn *c);
/* It came too slowly: whoever reads it is told. */
void conn_body_late(struct conn *c, bool stalled);

/* posted.c */
extern const struct channel_ops posted_channel;
/* For X from now on; C: its connection, poller-private from here. RAW: so many bytes, the first ones, are
 * wire bytes already. NULL: out of memory. */
struct posted *posted_new(struct group *g, struct conn *c, struct exchange *x, uint64_t raw);
/* The writer: the RAW bytes, as copies, or as pieces that are taken over. They may wait as any write. */
enum channel_result posted_raw(struct exchange *x, const void *p, size_t n);
enum channel_result posted_raw_piece(struct exchange *x, struct chain *piece);
enum channel_result posted_raw_end(struct exchange *x); /* that was all of them */
struct exchange *posted_exchange(struct inbox_node *node);
struct conn *posted_conn(struct exchange *x);
void posted_taken(struct exchange *x); /* poller popped the node: before it looks at the queue */
void posted_disconnect(struct exchange *x); /* poller: the connection is gone */
/* Records X once its answer was handed over, once. The poller calls it when it lets go of X; if the
 * handler still runs then, its end does it. */
void posted_record(struct exchange *x);
/* Any thread: the answer ends for REASON, its writer hears that the client is gone. P's exchange is held. */
void posted_give_up(struct posted *p, enum close_reason reason);
void posted_progress(struct exchange *x);             /* poller: its client took something */
enum close_reason posted_aborted(struct exchange *x); /* CLOSE_none: it was not */
struct pulled posted_pull(struct exchange *x, struct chain *into, size_t max);

/* resume.c: exchanges that go on without a thread */
enum channel_result leased_detach(struct exchange *x);
void resume_run(struct group *g, uint32_t slot, struct exchange *x); /* worker: JOB_RESUME */
void resume_over(struct group *g);                       /* a detached exchange has ended */
bool resume_detached(const struct exchange *x);          /* the worker that serves X: it did that */
void resume_posted(struct group *g, struct exchange *x); /* poller: looks at X's alarm */
void resume_gone(struct exchange *x); /* poller: a detached X has lost its client */
bool resume_tend(struct group *g);    /* poller, each turn: alarms; false: more are due */

/* work.c: what webapps do beside requests */
void work_init(struct group *g);
void work_run(struct group *g, uint32_t slot, struct job *job); /* worker: JOB_WORK */

/* waiting.c: writers that wait for their clients hold threads of their webapp, at most a quarter. */
struct waiter {
    struct list link; /* not linked: it does not wait, or was given up */
    struct posted *posted;
    _Atomic uint64_t moved_us; /* when its client last took something */
};
bool waiting_init(struct group *g);
void waiting_destroy(struct group *g);
/* The writer, before and after it waits. May give up another answer, or this one. */
void waiting_enter(struct group *g, uint32_t queue, struct waiter *w);
void waiting_leave(struct group *g, uint32_t queue, struct waiter *w);

/* connector.c: poller, of one that is PARKED: whether its client reset it, as far as an edge was seen. */
bool conn_was_reset(struct conn *c);

/* turn.c */
void *group_main(void *arg);
void group_call(struct group *g, void (*fn)(struct group *g, void *arg), void *arg);
/* Any thread, at the end of a job that was counted in connector->jobs. */
void group_give_job(struct group *g, struct inbox_node *node);
void group_wake_call(struct group *g, struct call_node *call);

/* accept.c */
extern const struct net_listener_ops connector_accept_ops;
void group_adopt(struct group *g, int fd, const struct conn_address *peer,
                 const struct net_listener *listener);
void connector_conn_ended(struct group *g);

/* record.c: counters, access logs and records, once per exchange by the thread that lets go of it. REASON:
 * why an aborted one was. */
void exchange_record(struct group *g, const struct exchange *x, bool aborted,
                     enum close_reason reason);
/* Owner of the connection; X may be NULL. */
void refused_record(const struct active *a, const struct exchange *x, const struct refused *r);
/* records.c: for valves that take them. The queue of their tasks lies behind the engine's. */
bool records_open(struct group *g, struct pool_options *pool); /* false: out of memory */
void records_limits(struct group *g);
void records_push(struct group *g);    /* any thread: a worker delivers what waits */
void records_tend(struct group *g);    /* poller, each turn */
void records_deliver(struct group *g); /* worker */
/* All connections have ended: delivers what is left. False: after LIMIT_US a valve still runs. */
bool records_end(struct group *g, uint64_t limit_us);
uint64_t connection_number(const struct group *g, const struct conn *c);

#endif
