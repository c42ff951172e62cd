/* SPDX-License-Identifier: Apache-2.0
 * How fast a client is, measured in windows: nothing is counted per byte, only two totals are compared
 * when the wheel of deadlines comes by. The first window is the grace time. Plain data without a clock or
 * a socket, so that tests bring their own time. Used by deadline.c and room.c, on the poller. */
#ifndef CONNECTOR_PACE_H
#define CONNECTOR_PACE_H
#include <stdbool.h>
#include <stdint.h>

struct pace {
    uint64_t window_us; /* when the window began; 0: nothing is measured */
    uint64_t moved_us;  /* when there was progress last, as far as was seen */
    int64_t at_window;  /* the total at its begin */
    int64_t seen;       /* the total at the last look */
    uint64_t last_rate; /* of the window before; PACE_YOUNG: there was none */
};
#define PACE_YOUNG UINT64_MAX

struct pace_rule {
    uint32_t rate;      /* bytes/s at least, over each window; 0: none */
    int64_t window_ms;  /* 0 or less: no windows */
    int64_t timeout_ms; /* without any progress; negative: without end */
};

enum pace_verdict { PACE_OK, PACE_STALLED /* the timeout */, PACE_SLOW /* the rate */ };

/* TOTAL: bytes moved so far, counted from anywhere. */
void pace_start(struct pace *p, uint64_t now_us, int64_t total);
void pace_stop(struct pace *p);
bool pace_runs(const struct pace *p);
/* There is progress; costs nothing but the time. */
void pace_moved(struct pace *p, uint64_t now_us);
/* Due when pace_left said so; too early is harmless. */
enum pace_verdict pace_look(struct pace *p, const struct pace_rule *rule, uint64_t now_us,
                            int64_t total);
/* ms until the next look, rounded up; negative: none is needed. */
int64_t pace_left(const struct pace *p, const struct pace_rule *rule, uint64_t now_us);
/* bytes/s of late; PACE_YOUNG: measured for less than half a second. */
uint64_t pace_rate(const struct pace *p, uint64_t now_us, int64_t total);

#endif
