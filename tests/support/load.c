/* SPDX-License-Identifier: Apache-2.0
 * The load client's program: see load.h for its parts, `load --help` for its use. Built by
 * load_server.sh; run by the scripts of tests/bench and tests/long. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "load.h"
#include "load_crowd.h"
#include "load_first.h"

static int run(const struct load_plan *plan)
{
    struct load_drive *drives = calloc(plan->threads, sizeof *drives);
    pthread_t *threads = calloc(plan->threads, sizeof *threads);
    struct load_figures *sum = calloc(1, sizeof *sum);
    if (!drives || !threads || !sum) {
        fprintf(stderr, "load: out of memory\n");
        exit(2);
    }
    sum->cpu = -1;
    for (unsigned i = 0; i < plan->threads; i++) {
        unsigned share =
            plan->connections / plan->threads + (i < plan->connections % plan->threads);
        if (!load_drive_start(&drives[i], plan, i, share) ||
            pthread_create(&threads[i], NULL, load_drive_run, &drives[i]) != 0)
            exit(2);
    }
    for (unsigned i = 0; i < plan->threads; i++) {
        pthread_join(threads[i], NULL);
        load_figures_add(sum, &drives[i].figures);
        load_drive_end(&drives[i]);
    }
    load_figures_print(sum, plan);
    int code = load_figures_errors(sum) > 0 || sum->requests == 0 ||
               (plan->requests > 0 && sum->requests < plan->requests);
    free(sum);
    free(threads);
    free(drives);
    return code;
}

int main(int argc, char **argv)
{
    static struct load_plan plan;
    int code;
    if (argc > 1 && strcmp(argv[1], "free-port") == 0)
        return load_free_port();
    if (argc > 1 && strcmp(argv[1], "first-answer") == 0)
        return load_first_answer(argc - 2, argv + 2);
    if (argc > 1 && strcmp(argv[1], "crowd") == 0)
        return load_crowd(argc - 2, argv + 2);
    if (argc > 1 && strcmp(argv[1], "probe") == 0)
        return load_probe(argc - 2, argv + 2);
    if (!load_options_read(&plan, argc, argv, &code))
        return code;
    load_kinds_prepare(&plan);
    return plan.hold_count > 0 ? load_hold_run(&plan) : run(&plan);
}
