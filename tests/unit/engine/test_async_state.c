/* SPDX-License-Identifier: Apache-2.0
 * The states of an asynchronous request: every edge of async_states.def leads where it says, everything else
 * is refused and changes nothing, every state can be reached and can come to its end, and whether one may
 * enter agrees with what may still happen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <cserv/servlet.h>

#include "engine/async_state.h"

static const struct {
    enum async_state from;
    enum async_event event;
    enum async_state to;
} edges[] = {
#define EDGE(from, event, to) {ASYNC_##from, ASYNC_ON_##event, ASYNC_##to},
#include "engine/async_states.def"
};
#define EDGES (sizeof(edges) / sizeof(edges[0]))

/* The row for FROM and EVENT, or -1. */
static int row_of(enum async_state from, enum async_event event)
{
    int found = -1;
    for (size_t i = 0; i < EDGES; i++) {
        if (edges[i].from == from && edges[i].event == event) {
            assert_int_equal(found, -1); /* one answer for each */
            found = (int)i;
        }
    }
    return found;
}

static void every_pair_is_as_the_list_says(void **state)
{
    (void)state;
    for (int s = 0; s < ASYNC_STATE_COUNT; s++) {
        for (int e = 0; e < ASYNC_EVENT_COUNT; e++) {
            enum async_state at = (enum async_state)s;
            int row = row_of(at, (enum async_event)e);
            bool went = async_go(&at, (enum async_event)e);
            assert_int_equal(went, row >= 0);
            assert_int_equal(at, row >= 0 ? edges[row].to : (enum async_state)s);
        }
    }
}

static bool reaches(enum async_state from, enum async_state to)
{
    bool seen[ASYNC_STATE_COUNT] = {false};
    seen[from] = true;
    for (int round = 0; round < ASYNC_STATE_COUNT; round++) {
        for (size_t i = 0; i < EDGES; i++)
            seen[edges[i].to] = seen[edges[i].to] || seen[edges[i].from];
    }
    return seen[to];
}

static void all_are_reached_and_all_end(void **state)
{
    (void)state;
    for (int s = 0; s < ASYNC_STATE_COUNT; s++) {
        assert_true(reaches(ASYNC_DISPATCHED, (enum async_state)s));
        assert_true(reaches((enum async_state)s, ASYNC_ENDED));
    }
    for (int e = 0; e < ASYNC_EVENT_COUNT; e++) /* nothing happens to what is over */
        assert_int_equal(row_of(ASYNC_ENDED, (enum async_event)e), -1);
}

/* Who may enter may also complete, dispatch, and nobody else may. */
static void entering_agrees_with_the_edges(void **state)
{
    (void)state;
    for (int s = 0; s < ASYNC_STATE_COUNT; s++) {
        enum async_state at = (enum async_state)s;
        bool may = async_entering(at) == CS_OK;
        assert_int_equal(row_of(at, ASYNC_ON_COMPLETE) >= 0, may);
        assert_int_equal(row_of(at, ASYNC_ON_DISPATCH) >= 0, may);
        assert_true(may || async_entering(at) == CS_ESTATE || async_entering(at) == CS_EGONE);
        assert_non_null(async_state_name(at));
    }
    for (int e = 0; e < ASYNC_EVENT_COUNT; e++)
        assert_non_null(async_event_name((enum async_event)e));
}

/* Only one way leads back to a worker, and only there it may be started again. */
static void it_is_started_on_a_worker_only(void **state)
{
    (void)state;
    for (int s = 0; s < ASYNC_STATE_COUNT; s++)
        assert_int_equal(row_of((enum async_state)s, ASYNC_ON_START) >= 0, s == ASYNC_DISPATCHED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pair_is_as_the_list_says),
        cmocka_unit_test(all_are_reached_and_all_end),
        cmocka_unit_test(entering_agrees_with_the_edges),
        cmocka_unit_test(it_is_started_on_a_worker_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
