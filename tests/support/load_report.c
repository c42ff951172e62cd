/* SPDX-License-Identifier: Apache-2.0
 * The load client's figures: latencies in logarithmic steps of 3 percent, sums over threads, printed
 * for people, as JSON, or as name=value words for the shell scripts (--fields). */
#define _GNU_SOURCE
#include <stdio.h>
#include "load.h"

static const char *const error_words[] = {
#define X(name, word, text) word,
    LOAD_ERROR_LIST(X)
#undef X
};
static const char *const error_texts[] = {
#define X(name, word, text) text,
    LOAD_ERROR_LIST(X)
#undef X
};

void load_figures_latency(struct load_figures *f, uint64_t ns)
{
    if (ns > f->slowest)
        f->slowest = ns;
    unsigned exponent = ns < 32 ? 4 : 63 - (unsigned)__builtin_clzll(ns);
    uint64_t bucket = ns < 32 ? ns : (exponent - 4) * 32 + (ns >> (exponent - 5) & 31);
    f->latency[bucket]++;
}

/* Microseconds that PART of the requests did not exceed: the middle of the bucket. */
static double quantile(const struct load_figures *f, double part)
{
    uint64_t rank = (uint64_t)(part * (double)f->requests), sum = 0;
    for (unsigned i = 0; i < LOAD_BUCKETS; i++) {
        sum += f->latency[i];
        if (sum <= rank)
            continue;
        unsigned exponent = i / 32 + 4;
        double ns =
            i < 32 ? i : (double)((UINT64_C(32) + i % 32) << (exponent - 5)) * (1 + 1 / 128.0);
        return (ns < (double)f->slowest ? ns : (double)f->slowest) / 1000;
    }
    return (double)f->slowest / 1000;
}

void load_figures_add(struct load_figures *sum, const struct load_figures *part)
{
    sum->requests += part->requests;
    sum->bytes += part->bytes;
    sum->reconnects += part->reconnects;
    for (int i = 0; i < LOAD_KINDS; i++)
        sum->by_kind[i] += part->by_kind[i];
    for (int i = 0; i < LOAD_ERRORS; i++)
        sum->errors[i] += part->errors[i];
    for (int i = 0; i < LOAD_BUCKETS; i++)
        sum->latency[i] += part->latency[i];
    if (part->slowest > sum->slowest)
        sum->slowest = part->slowest;
    if (part->seconds > sum->seconds)
        sum->seconds = part->seconds;
    if (part->cpu >= 0)
        sum->cpu = part->cpu;
}

uint64_t load_figures_errors(const struct load_figures *f)
{
    uint64_t sum = 0;
    for (int i = 0; i < LOAD_ERRORS; i++)
        sum += f->errors[i];
    return sum;
}

static void print_people(const struct load_figures *f, double rate, double cpu)
{
    printf("requests   %llu (hello %llu, echo %llu, big %llu) in %.2f s, %.1f MB of bodies\n",
           (unsigned long long)f->requests, (unsigned long long)f->by_kind[LOAD_HELLO],
           (unsigned long long)f->by_kind[LOAD_ECHO], (unsigned long long)f->by_kind[LOAD_BIG],
           f->seconds, (double)f->bytes / 1e6);
    printf("req/s      %.0f\n", rate);
    printf("latency us p50 %.0f, p99 %.0f, p99.9 %.0f, max %.0f\n", quantile(f, 0.5),
           quantile(f, 0.99), quantile(f, 0.999), (double)f->slowest / 1000);
    if (f->cpu >= 0)
        printf("server     %.2f us CPU per request\n", cpu);
    printf("reconnects %llu\n", (unsigned long long)f->reconnects);
    printf("errors     %llu\n", (unsigned long long)load_figures_errors(f));
    for (int i = 0; i < LOAD_ERRORS; i++)
        if (f->errors[i])
            printf("  %-8s %llu: %s\n", error_words[i], (unsigned long long)f->errors[i],
                   error_texts[i]);
}

static void print_json(const struct load_figures *f, const struct load_plan *plan, double rate,
                       double cpu)
{
    printf("{\"connections\":%u,\"pipeline\":%u,\"requests\":%llu,\"hello\":%llu,\"echo\":%llu,"
           "\"big\":%llu,\"seconds\":%.3f,\"body_bytes\":%llu,\"requests_per_second\":%.1f,",
           plan->connections, plan->depth, (unsigned long long)f->requests,
           (unsigned long long)f->by_kind[LOAD_HELLO], (unsigned long long)f->by_kind[LOAD_ECHO],
           (unsigned long long)f->by_kind[LOAD_BIG], f->seconds, (unsigned long long)f->bytes,
           rate);
    printf("\"latency_us\":{\"p50\":%.1f,\"p99\":%.1f,\"p999\":%.1f,\"max\":%.1f},",
           quantile(f, 0.5), quantile(f, 0.99), quantile(f, 0.999), (double)f->slowest / 1000);
    if (f->cpu >= 0)
        printf("\"cpu_us_per_request\":%.3f,", cpu);
    printf("\"reconnects\":%llu,\"errors\":{", (unsigned long long)f->reconnects);
    for (int i = 0; i < LOAD_ERRORS; i++)
        printf("%s\"%s\":%llu", i ? "," : "", error_words[i], (unsigned long long)f->errors[i]);
    printf("}}\n");
}

void load_figures_print(const struct load_figures *f, const struct load_plan *plan)
{
    double rate = f->seconds > 0 ? (double)f->requests / f->seconds : 0;
    double cpu = f->requests && f->cpu >= 0 ? f->cpu * 1e6 / (double)f->requests : -1;
    if (plan->json)
        print_json(f, plan, rate, cpu);
    else if (plan->fields)
        printf("requests=%llu seconds=%.3f rate=%.1f p50=%.1f p99=%.1f p999=%.1f max=%.1f cpu=%.3f "
               "errors=%llu reconnects=%llu\n",
               (unsigned long long)f->requests, f->seconds, rate, quantile(f, 0.5),
               quantile(f, 0.99), quantile(f, 0.999), (double)f->slowest / 1000, cpu,
               (unsigned long long)load_figures_errors(f), (unsigned long long)f->reconnects);
    else
        print_people(f, rate, cpu);
}
