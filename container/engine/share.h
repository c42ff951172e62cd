/* SPDX-License-Identifier: Apache-2.0
 * What one webapp may use of each connector: its <Context>'s part. Given by deploy, read by the connector
 * (service.h). */
#ifndef ENGINE_SHARE_H
#define ENGINE_SHARE_H
#include <stdbool.h>
#include <stdint.h>

struct engine_share {                     /* 0: as the connector says */
    uint32_t max_threads;                 /* 0: three quarters */
    uint32_t max_streaming;               /* of them in streaming servlets; 0: a quarter */
    uint32_t max_queue_size;              /* requests that may wait */
    uint64_t max_queue_time;              /* ms that one may wait */
    int64_t max_body_size;                /* bytes; -1: as the connector says */
    int64_t body_min_rate, send_min_rate; /* bytes/s; -1: as the connector says */
    bool reserved;                        /* may use the threads that are kept from all others */
};

#endif
