/* SPDX-License-Identifier: Apache-2.0
 * The words of the load client's command line, checked, as a plan. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "load.h"

static const char usage[] =
    "load: checks and measures an HTTP server over keep-alive connections, each answer verified\n"
    "  load [options] --port N (--requests N | --duration S)\n"
    "  load [options] --port N --hold N[,N...]   open so many, one request each, wait for a line "
    "on\n"
    "                                            stdin after each number; at last one request "
    "each\n"
    "  load free-port                            print a port nobody listens on\n"
    "  load first-answer PORT PATH SECONDS COMMAND...   ms from running COMMAND to a right answer\n"
    "  load crowd PORT [heads=N] [bodies=N] [readers=N] [streams=N] [body=PATH] [big=PATH]\n"
    "                  [stream=PATH] [rate=BYTES/S] [stream-rate=BYTES/S] [arrive=N/S]   slow "
    "clients, until "
    "stdin\n"
    "                                            ends; a line on stdin: figures\n"
    "  load probe PORT PATH COUNT MS             a request every MS, its times in ms\n"
    "options:\n"
    "  --host A         127.0.0.1        --connections N  64       --threads N   1\n"
    "  --pipeline N     requests at once on a connection, 1\n"
    "  --mix LIST       weights: hello=1 or hello=80,echo=15,big=5\n"
    "  --hello PATH     /examples/hello: text/plain, the 13 bytes Hello, World!\n"
    "  --echo PATH      /examples/echo: the body and its content type back\n"
    "  --big PATH       /examples/big: ?bytes=N gives N bytes, byte i is 'a' + i % 26\n"
    "  --body-max N     largest echo body, 32768     --big-max N   largest big answer, 262144\n"
    "  --big-size N     of every big answer: also a file of that size (then ?bytes=N means "
    "nothing)\n"
    "  --warmup S       not counted; 0.5 with --duration, else 0\n"
    "  --pid N          also measure the CPU time of this process and those below it\n"
    "  --timeout S      for one answer, 10            --limit S     for the whole run, 3600\n"
    "  --seed N         1                             --json | --fields\n"
    "exit: 0 every answer was right, 1 some were not, 2 wrong usage\n";

enum type { TEXT, COUNT, SECONDS, FLAG, MIX, STEPS };
struct option {
    const char *word;
    enum type type;
    void *to;
    double least, most; /* COUNT goes to an unsigned, or to a uint64_t when BIG */
    bool big;
};

static bool read_mix(struct load_plan *plan, const char *text)
{
    static const char *const kinds[LOAD_KINDS] = {"hello=", "echo=", "big="};
    memset(plan->weight, 0, sizeof plan->weight);
    unsigned sum = 0;
    while (*text) {
        int kind = 0;
        while (kind < LOAD_KINDS && strncmp(text, kinds[kind], strlen(kinds[kind])) != 0)
            kind++;
        if (kind == LOAD_KINDS)
            return false;
        char *end;
        unsigned long weight = strtoul(text + strlen(kinds[kind]), &end, 10);
        if (weight > 1000000 || (*end != ',' && *end != '\0'))
            return false;
        plan->weight[kind] = (unsigned)weight;
        sum += (unsigned)weight;
        text = *end ? end + 1 : end;
    }
    return sum > 0;
}

static bool read_steps(struct load_plan *plan, const char *text)
{
    while (plan->hold_count < sizeof plan->hold / sizeof *plan->hold) {
        char *end;
        unsigned long n = strtoul(text, &end, 10);
        unsigned before = plan->hold_count ? plan->hold[plan->hold_count - 1] : 0;
        if (n <= before || n > 1000000 || (*end != ',' && *end != '\0'))
            return false;
        plan->hold[plan->hold_count++] = (unsigned)n;
        if (*end == '\0')
            return true;
        text = end + 1;
    }
    return false;
}

static bool read_value(struct load_plan *plan, const struct option *o, const char *text)
{
    if (o->type == TEXT) {
        *(const char **)o->to = text;
        return strlen(text) < 200;
    }
    if (o->type == MIX)
        return read_mix(plan, text);
    if (o->type == STEPS)
        return read_steps(plan, text);
    char *end;
    errno = 0;
    double n = strtod(text, &end);
    if (end == text || *end != '\0' || errno || !(n >= o->least && n <= o->most))
        return false;
    if (o->type == SECONDS)
        *(double *)o->to = n;
    else if (o->big)
        *(uint64_t *)o->to = (uint64_t)n;
    else
        *(unsigned *)o->to = (unsigned)n;
    return true;
}

static void defaults(struct load_plan *plan)
{
    *plan = (struct load_plan){.host = "127.0.0.1",
                               .connections = 64,
                               .threads = 1,
                               .depth = 1,
                               .warmup = -1,
                               .timeout = 10,
                               .limit = 3600,
                               .weight = {1, 0, 0},
                               .path = {"/examples/hello", "/examples/echo", "/examples/big"},
                               .body_max = 32768,
                               .big_max = 262144,
                               .seed = 1};
}

static const struct option *find(const struct option *all, size_t count, const char *word)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(all[i].word, word) == 0)
            return &all[i];
    return NULL;
}

bool load_options_read(struct load_plan *plan, int argc, char **argv, int *exit_code)
{
    defaults(plan);
    unsigned port = 0, pid = 0;
    const struct option all[] = {
        {"--host", TEXT, &plan->host, 0, 0, false},
        {"--port", COUNT, &port, 1, 65535, false},
        {"--connections", COUNT, &plan->connections, 1, 100000, false},
        {"--threads", COUNT, &plan->threads, 1, 64, false},
        {"--pipeline", COUNT, &plan->depth, 1, 1000, false},
        {"--requests", COUNT, &plan->requests, 1, 1e12, true},
        {"--duration", SECONDS, &plan->seconds, 0.01, 1e6, false},
        {"--warmup", SECONDS, &plan->warmup, 0, 1e6, false},
        {"--timeout", SECONDS, &plan->timeout, 0.01, 1e6, false},
        {"--limit", SECONDS, &plan->limit, 0.01, 1e6, false},
        {"--mix", MIX, NULL, 0, 0, false},
        {"--hello", TEXT, &plan->path[LOAD_HELLO], 0, 0, false},
        {"--echo", TEXT, &plan->path[LOAD_ECHO], 0, 0, false},
        {"--big", TEXT, &plan->path[LOAD_BIG], 0, 0, false},
        {"--body-max", COUNT, &plan->body_max, 0, 1048576, true},
        {"--big-max", COUNT, &plan->big_max, 0, 4294967296.0, true},
        {"--big-size", COUNT, &plan->big_size, 1, 4294967296.0, true},
        {"--seed", COUNT, &plan->seed, 0, 1e15, true},
        {"--pid", COUNT, &pid, 1, 4194304, false},
        {"--hold", STEPS, NULL, 0, 0, false},
        {"--json", FLAG, &plan->json, 0, 0, false},
        {"--fields", FLAG, &plan->fields, 0, 0, false},
    };
    *exit_code = 2;
    for (int i = 1; i < argc; i++) {
        const struct option *o = find(all, sizeof all / sizeof *all, argv[i]);
        if (strcmp(argv[i], "--help") == 0) {
            fputs(usage, stdout);
            *exit_code = 0;
            return false;
        }
        if (o && o->type == FLAG) {
            *(bool *)o->to = true;
        } else if (!o || i + 1 == argc || !read_value(plan, o, argv[i + 1])) {
            fprintf(stderr, "load: '%s%s%s' is not understood; load --help\n", argv[i],
                    o && i + 1 < argc ? " " : "", o && i + 1 < argc ? argv[i + 1] : "");
            return false;
        } else {
            i++;
        }
    }
    int ends = (plan->requests > 0) + (plan->seconds > 0) + (plan->hold_count > 0);
    if (port == 0 || ends != 1) {
        fprintf(stderr,
                "load: needs --port and one of --requests, --duration, --hold; load --help\n");
        return false;
    }
    plan->port = (int)port;
    plan->pid = (pid_t)pid;
    if (plan->warmup < 0)
        plan->warmup = plan->seconds > 0 ? 0.5 : 0;
    if (plan->threads > plan->connections)
        plan->threads = plan->connections;
    return true;
}
