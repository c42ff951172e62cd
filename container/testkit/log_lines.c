/* SPDX-License-Identifier: Apache-2.0
 * The log's lines of each tested webapp. Those of a thread that runs a request or a hook belong to its
 * app; what other threads log goes to every app that lives. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "observe/log.h"
#include "testkit/testkit_priv.h"

static const char *const level_names[] = {"DEBUG", "INFO", "WARN", "ERROR"};
static const char *const room_names[] = {
#define X(name) #name,
    LOG_ROOMS(X)
#undef X
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct lock live_lock;
static struct list live_apps;
static bool to_stderr;
static _Thread_local struct cs_test_app *current;

static void keep(struct cs_test_app *a, const char *line)
{
    size_t size = strlen(line) + 1;
    struct log_kept *l = malloc(sizeof(*l) + size);
    if (!l)
        return;
    l->next = NULL;
    memcpy(l->text, line, size);
    lock_acquire(&a->lock);
    *a->lines_end = l;
    a->lines_end = &l->next;
    lock_release(&a->lock);
}

static void take(enum log_room room, enum log_level level, const char *text, size_t n)
{
    char line[2200];
    snprintf(line, sizeof(line), "%s %s %.*s", level_names[level], room_names[room], (int)n, text);
    if (to_stderr)
        fprintf(stderr, "%s\n", line);
    if (current) {
        keep(current, line);
        return;
    }
    lock_acquire(&live_lock);
    LIST_FOREACH (it, &live_apps)
        keep(CONTAINER_OF(it, struct cs_test_app, live), line);
    lock_release(&live_lock);
}

static void begin_once(void)
{
    lock_init(&live_lock, "test apps");
    list_init(&live_apps);
    to_stderr = getenv("CSERV_TEST_LOG") != NULL;
    log_set_level(LOG_ROOM_webapp, LOG_DEBUG);
    log_divert(take);
}

void log_lines_begin(struct cs_test_app *a)
{
    CHECK(pthread_once(&once, begin_once) == 0);
    a->lines_end = &a->lines;
    lock_acquire(&live_lock);
    list_add_tail(&live_apps, &a->live);
    lock_release(&live_lock);
}

void log_lines_end(struct cs_test_app *a)
{
    lock_acquire(&live_lock);
    list_remove(&a->live);
    lock_release(&live_lock);
    while (a->lines) {
        struct log_kept *next = a->lines->next;
        free(a->lines);
        a->lines = next;
    }
}

struct cs_test_app *log_lines_of(struct cs_test_app *a)
{
    struct cs_test_app *before = current;
    current = a;
    return before;
}

const char *cs_test_log(cs_test_app *app, uint32_t i)
{
    const char *text = NULL;
    if (!app)
        return NULL;
    lock_acquire(&app->lock);
    for (struct log_kept *l = app->lines; l; l = l->next) {
        if (i-- == 0) {
            text = l->text;
            break;
        }
    }
    lock_release(&app->lock);
    return text;
}

int cs_test_logged(cs_test_app *app, const char *text)
{
    const char *line;
    for (uint32_t i = 0; (line = cs_test_log(app, i)); i++) {
        if (strstr(line, text))
            return 1;
    }
    return 0;
}
