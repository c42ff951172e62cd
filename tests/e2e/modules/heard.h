/* SPDX-License-Identifier: Apache-2.0
 * What callbacks, listeners and cleanups of a test's webapp heard, line by line: note() adds one, the servlet
 * function events() tells them and with ?clear= forgets them. Read by tests/e2e/heard.py. */
#ifndef HEARD_H
#define HEARD_H
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <cserv/servlet.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char happened[65536];

static void note(const char *text, int code)
{
    pthread_mutex_lock(&lock);
    size_t n = strlen(happened);
    snprintf(happened + n, sizeof(happened) - n, code ? "%s %d\n" : "%s\n", text, code);
    pthread_mutex_unlock(&lock);
}

static int events(cs_request *q, cs_response *s)
{
    pthread_mutex_lock(&lock);
    int rc = cs_res_puts(s, happened);
    if (cs_req_param(q, "clear"))
        happened[0] = '\0';
    pthread_mutex_unlock(&lock);
    return rc;
}

#endif
