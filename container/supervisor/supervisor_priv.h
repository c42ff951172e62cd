/* SPDX-License-Identifier: Apache-2.0
 * The supervisor's state, shared by its loop (supervisor.c), the care for the container
 * (supervise_child.c) and the answers to control requests (supervise_control.c). */
#ifndef SUPERVISOR_SUPERVISOR_PRIV_H
#define SUPERVISOR_SUPERVISOR_PRIV_H
#include "observe/log.h"
#include "supervisor/backoff.h"
#include "supervisor/control_set.h"
#include "supervisor/deadline.h"
#include "supervisor/notify.h"
#include "supervisor/pidfile.h"
#include "supervisor/supervisor.h"

enum { FORMER_MAX = 8 };

struct child {
    pid_t pid; /* 0: none */
    int fd;    /* its datagrams; -1 after EOF */
    bool ready, reaped;
    uint64_t ready_us;
};
struct supervisor {
    const struct supervisor_options *o;
    struct pidfile *pidfile;
    struct listen_socket *sockets;
    size_t count;
    struct control_set *control;
    int signals; /* signalfd */
    sigset_t former_mask;
    struct child child;
    pid_t former[FORMER_MAX]; /* containers given up that are not reaped yet; 0: free */
    struct backoff backoff;
    struct notify notify;
    bool reloading; /* the service manager was told so and waits for READY=1 */
    struct server_status status;
    uint64_t started_us;
    uint64_t start_at_us; /* when the next container is due; DEADLINE_NONE: one lives, or none is */
    uint64_t hurry_at_us; /* while stopping: when the container gets its second SIGTERM */
    uint64_t kill_at_us;  /* ... and its SIGKILL */
    uint32_t failures;    /* ends before the first ready */
    bool after_crash;     /* how the last one ended speaks against what it was doing */
    bool served;          /* some container was ready */
    bool done;            /* the loop ends */
    struct err err;       /* why it ends; what is "" after an orderly stop */
    char failed[512];     /* what the container said before it ended, "" = nothing */
};

/* supervise_child.c */
void child_start(struct supervisor *s);
void child_readable(struct supervisor *s); /* datagrams or EOF are there */
void child_reap(struct supervisor *s);     /* SIGCHLD */
void child_signal(struct supervisor *s, int sig);
/* supervise_notify.c: what the service manager is told */
void tell_ready(struct supervisor *s);     /* a container serves, or has opened its logs anew */
void tell_reloading(struct supervisor *s); /* SIGHUP came */
void tell_stopping(struct supervisor *s);
void tell_status(struct supervisor *s, const char *text);
/* supervise_control.c */
void control_ask(void *arg, uint32_t id, const char *words);      /* a control_request_fn */
void control_replied(struct supervisor *s, struct span datagram); /* "<id> <0 or 1>\n<text>" */
/* supervisor.c */
void supervisor_stop(struct supervisor *s, uint64_t limit_ms); /* begins, or hurries on */
/* A line in the log (and on stdout under `run`): the container has the writer thread, the supervisor
 * writes its rare lines itself. */
void supervisor_say(struct supervisor *s, enum log_level level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
