/* SPDX-License-Identifier: Apache-2.0
 * What is remembered of one exchange: filled by http1, connector and engine as it goes along, closed
 * once by record_done. Counters come from it; access logs will be rendered from it. */
#ifndef OBSERVE_RECORD_H
#define OBSERVE_RECORD_H
#include <stdbool.h>
#include <stdint.h>

struct record {
    uint64_t started_us;   /* first byte of the request seen (clock_us) */
    uint64_t ready_us;     /* request complete */
    uint64_t taken_us;     /* a worker took it; 0: never */
    uint64_t committed_us; /* first byte of the answer handed out; 0: never */
    uint64_t served_us;    /* the servlet returned; 0: never */
    uint64_t bytes_in;     /* body bytes */
    uint64_t bytes_out;    /* body bytes */
    uint16_t status;       /* 0: no answer was begun */
    bool refused;          /* answered by the protocol: no servlet ran */
    bool aborted;          /* the answer is incomplete */
};

/* Counts R; call exactly once per exchange, on any thread, when its last byte was handed to the
 * kernel or it was given up. */
void record_done(const struct record *r);

#endif
