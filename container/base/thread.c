/* SPDX-License-Identifier: Apache-2.0
 * Starting, naming and joining threads. All threads of the container are made here, so that none of
 * them takes a signal meant for the main thread. */
#include "base/thread.h"
#include "base/check.h"
#include "base/clock.h"
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ADDRESS_SANITIZER 1
#elif __has_feature(thread_sanitizer)
#define WITH_THREAD_SANITIZER 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define WITH_ADDRESS_SANITIZER 1
#elif defined(__SANITIZE_THREAD__)
#define WITH_THREAD_SANITIZER 1
#endif

#define MIB ((size_t)1024 * 1024)
#if defined(WITH_ADDRESS_SANITIZER) || defined(WITH_THREAD_SANITIZER)
#define STACK_SIZE (8 * MIB) /* their frames are several times larger */
#else
#define STACK_SIZE (1 * MIB)
#endif

#define KERNEL_NAME 16 /* with NUL */
#define NAME_SIZE   64

struct start {
    void *(*fn)(void *);
    void *arg;
    char name[NAME_SIZE];
};

static _Atomic uint32_t last_id;
static _Thread_local uint32_t self_id;
static _Thread_local char self_name[NAME_SIZE] = "main";

uint32_t thread_self_id(void)
{
    if (self_id == 0) {
        self_id = atomic_fetch_add_explicit(&last_id, 1, memory_order_relaxed) + 1;
        CHECK(self_id != 0); /* numbers are never used again, and 4 billion threads are a bug */
    }
    return self_id;
}

const char *thread_self_name(void)
{
    return self_name;
}

static void *thread_main(void *start_arg)
{
    struct start *start = start_arg;
    void *(*fn)(void *) = start->fn;
    void *arg = start->arg;
    char kernel_name[KERNEL_NAME];
    snprintf(self_name, sizeof(self_name), "%s", start->name);
    snprintf(kernel_name, sizeof(kernel_name), "%.*s", KERNEL_NAME - 1, start->name);
    free(start);
    pthread_setname_np(pthread_self(), kernel_name); /* may fail without /proc: only cosmetic */
    return fn(arg);
}

/* All but those that the processor raises for what the thread itself does, and abort. */
static void signals_to_block(sigset_t *set)
{
    static const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
    sigfillset(set);
    for (size_t i = 0; i < ARRAY_COUNT(own); i++)
        sigdelset(set, own[i]);
}

bool thread_start(struct thread *t, const char *name, void *(*fn)(void *), void *arg)
{
    t->started = false;
    struct start *start = malloc(sizeof(*start));
    if (!start) {
        errno = ENOMEM;
        return false;
    }
    start->fn = fn;
    start->arg = arg;
    snprintf(start->name, sizeof(start->name), "%s", name);

    pthread_attr_t attr;
    sigset_t block, before;
    CHECK(pthread_attr_init(&attr) == 0);
    CHECK(pthread_attr_setstacksize(&attr, STACK_SIZE) == 0);
    signals_to_block(&block);
    CHECK(pthread_sigmask(SIG_SETMASK, &block, &before) == 0); /* the new thread inherits it */
    int rc = pthread_create(&t->id, &attr, thread_main, start);
    CHECK(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    pthread_attr_destroy(&attr);
    if (rc != 0) {
        free(start);
        errno = rc;
        return false;
    }
    t->started = true;
    return true;
}

void thread_join(struct thread *t)
{
    if (!t->started)
        return;
    CHECK(pthread_join(t->id, NULL) == 0);
    t->started = false;
}

static struct timespec later(clockid_t which, uint64_t limit_us)
{
    struct timespec t;
    CHECK(clock_gettime(which, &t) == 0);
    uint64_t us = (uint64_t)t.tv_nsec / 1000u + limit_us % 1000000u;
    t.tv_sec += (time_t)(limit_us / 1000000u + us / 1000000u);
    t.tv_nsec = (long)(us % 1000000u) * 1000;
    return t;
}

bool thread_join_until(struct thread *t, uint64_t limit_us)
{
    if (!t->started)
        return true;
#ifdef WITH_THREAD_SANITIZER /* it does not know clockjoin, and would see races after the join */
    struct timespec until = later(CLOCK_REALTIME, limit_us);
    int rc = pthread_timedjoin_np(t->id, NULL, &until);
#else
    struct timespec until = later(CLOCK_MONOTONIC, limit_us);
    int rc = pthread_clockjoin_np(t->id, NULL, CLOCK_MONOTONIC, &until);
#endif
    CHECK(rc == 0 || rc == ETIMEDOUT);
    t->started = rc != 0;
    return rc == 0;
}

void thread_detach(struct thread *t)
{
    if (!t->started)
        return;
    CHECK(pthread_detach(t->id) == 0);
    t->started = false;
}

uint64_t thread_self_waits(void)
{
    struct rusage usage;
    return getrusage(RUSAGE_THREAD, &usage) == 0 ? (uint64_t)usage.ru_nvcsw : 0;
}

uint32_t thread_processors(void)
{
    cpu_set_t set;
    int n = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 0;
    return n > 0 ? (uint32_t)n : 1;
}
