/* SPDX-License-Identifier: Apache-2.0
 * Named threads with small numbers. Signals are blocked in every thread started here: the main
 * thread takes them. */
#ifndef BASE_THREAD_H
#define BASE_THREAD_H
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct thread {
    pthread_t id;
    bool started;
};

/* NAME shows in the log, in top and in gdb; longer than 15 bytes is cut for the kernel. False: the
 * system gave no thread (errno says why). */
bool thread_start(struct thread *t, const char *name, void *(*fn)(void *), void *arg);
void thread_join(struct thread *t); /* waits for the end; harmless when it was not started */
/* Waits up to LIMIT_US microseconds; false when the thread still runs (it stays joinable). */
bool thread_join_until(struct thread *t, uint64_t limit_us);
void thread_detach(struct thread *t);
uint32_t thread_self_id(void); /* from 1, never reused; the main thread may have any number */
/* How often the calling thread has waited so far: for a lock, a file, a client, a sleep. Being moved aside
 * for another thread does not count. */
uint64_t thread_self_waits(void);
uint32_t thread_processors(void);   /* that this process may use; at least 1 */
const char *thread_self_name(void); /* "main" for threads not started here */

#endif
