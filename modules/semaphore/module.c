/* SPDX-License-Identifier: Apache-2.0
 * The server module `semaphore`: a valve that lets so many requests at a time into what it stands before. Who
 * waits for a permit holds a worker meanwhile, so the waiting has an end; webapps with their own share of
 * workers (Context maxThreads) do not need it. */
#include <cserv/module.h>
#include <stdlib.h>
#include <strings.h>

#include "permits.h"

#define CLASSES "org.apache.catalina.valves.SemaphoreValve"
#define ATTRIBUTES                                                                           \
    CS_ATTRIBUTE("concurrency", "int", "1..100000", "10",                                    \
                 "Requests that it lets through at a time; one that is answered "            \
                 "asynchronously counts until its servlet has returned.")                    \
    CS_ATTRIBUTE("block", "bool", "", "true",                                                \
                 "Those beyond wait, each with a worker; false: they are refused at once.")  \
    CS_ATTRIBUTE("maxWait", "int", "1..600000", "10000",                                     \
                 "Milliseconds after which one that waits is refused.")                      \
    CS_ATTRIBUTE("highConcurrencyStatus", "int", "-1..599", "-1",                            \
                 "The status of a refusal, from 400 on; -1: 503.")                           \
    CS_ATTRIBUTE(                                                                            \
        "fairness", "bool", "", "false",                                                     \
        "Those that wait are let through in the order in which they came, also with false.") \
    CS_ATTRIBUTE("interruptible", "bool", "", "false",                                       \
                 "Without effect: no thread is interrupted here. maxWait ends the waiting.")

struct semaphore {
    struct permits permits;
    uint32_t wait_ms; /* 0: block is false */
    uint32_t status;
};

static long number_of(cs_config *config, const char *name)
{
    const char *text = cs_config_param(config, name);
    return text ? strtol(text, NULL, 10) : 0;
}

static int is_true(cs_config *config, const char *name)
{
    const char *text = cs_config_param(config, name);
    return text && strcasecmp(text, "true") == 0;
}

static int semaphore_init(cs_config *config, void **self)
{
    cs_host *host = cs_config_host(config);
    struct semaphore *s = cs_host_alloc(host, sizeof(*s));
    long status = number_of(config, "highConcurrencyStatus");
    if (!s)
        return CS_ENOMEM;
    if (status != -1 && status < 400) {
        cs_host_log(host, CS_LOG_ERROR,
                    "semaphore: highConcurrencyStatus is %ld; allowed: 400 to 599, or -1 for 503",
                    status);
        return CS_EINVAL;
    }
    if (is_true(config, "interruptible"))
        cs_host_log(host, CS_LOG_WARN,
                    "semaphore: interruptible=true has no effect: no thread is interrupted here; "
                    "maxWait ends the waiting");
    s->status = status == -1 ? 503 : (uint32_t)status;
    s->wait_ms = is_true(config, "block") ? (uint32_t)number_of(config, "maxWait") : 0;
    permits_init(&s->permits, (uint32_t)number_of(config, "concurrency"));
    *self = s;
    return CS_OK;
}

static void semaphore_destroy(cs_host *host, void *self)
{
    struct semaphore *s = self;
    (void)host;
    permits_destroy(&s->permits);
}

static int semaphore_invoke(cs_request *req, cs_response *res, cs_chain *chain, void *self)
{
    struct semaphore *s = self;
    if (!permits_take(&s->permits, s->wait_ms))
        return cs_res_error(res, s->status, NULL);
    int rc = cs_chain_next(chain, req, res);
    permits_give(&s->permits);
    return rc;
}

static const cs_valve valves[] = {
    {.name = "semaphore",
     .aliases = CLASSES,
     .attributes = ATTRIBUTES,
     .init = semaphore_init,
     .destroy = semaphore_destroy,
     .invoke = semaphore_invoke},
};

/* clang-format off */
CS_ATTRIBUTES(CS_ATTRIBUTES_OF("semaphore", CLASSES) ATTRIBUTES)
/* clang-format on */
CS_MODULE("semaphore", "0.1.0", .valves = CS_ROWS(valves))
