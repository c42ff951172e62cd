/* SPDX-License-Identifier: Apache-2.0
 * Time. Durations and deadlines are monotonic microseconds; wall time is only for people. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H
#include <stddef.h>
#include <stdint.h>

uint64_t clock_us(void);     /* monotonic, microseconds */
uint64_t clock_ns(void);     /* monotonic, nanoseconds */
int64_t clock_wall_us(void); /* since 1970-01-01 UTC, microseconds */
#define MS_TO_US(ms) ((uint64_t)(ms)*1000u)

#endif
