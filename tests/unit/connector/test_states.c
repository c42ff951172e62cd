/* SPDX-License-Identifier: Apache-2.0
 * The edges between a connection's states are those of the hand-over's table, and HEAD -> IDLE (nothing
 * came) and BODY -> HEAD (the body was refused), and no others; a wrong one stops the server; the gauges
 * follow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "connector/group_priv.h"
#include "fake_engine.h"

/* Row: from. Column: to, in the order of CONN_STATES. Written by hand, apart from states.c. */
static const char *const table[CONN_STATE_COUNT] = {
    /*             O H B L P M S I G D  (G: LINGER) */
    [CONN_OPEN] = ". y . y . y . . . y",   [CONN_HEAD] = ". . y y . . y y y y",
    [CONN_BODY] = ". y . y . . y . y y",   [CONN_LENT] = ". y . . y y y y y y",
    [CONN_PARKED] = ". y . . . . y y y y", [CONN_MUX] = ". . . . . . . . y y",
    [CONN_SEND] = ". y . . . . . y y y",   [CONN_IDLE] = ". y . . . . . . . y",
    [CONN_LINGER] = ". . . . . . . . . y", [CONN_DEAD] = ". . . . . . . . . .",
};

static bool in_table(int from, int to)
{
    return table[from][2 * to] == 'y';
}

static void only_the_table_is_allowed(void **unused)
{
    (void)unused;
    for (int from = 0; from < CONN_STATE_COUNT; from++)
        for (int to = 0; to < CONN_STATE_COUNT; to++)
            if (conn_edge_allowed((enum conn_state)from, (enum conn_state)to) != in_table(from, to))
                fail_msg("%s -> %s", conn_state_name((enum conn_state)from),
                         conn_state_name((enum conn_state)to));
}

static void names(void **unused)
{
    (void)unused;
    assert_string_equal(conn_state_name(CONN_OPEN), "OPEN");
    assert_string_equal(conn_state_name(CONN_LINGER), "LINGER");
    assert_string_equal(conn_state_name(CONN_DEAD), "DEAD");
}

static void changes_are_counted(void **unused)
{
    (void)unused;
    struct group *g = calloc(1, sizeof(*g));
    assert_non_null(g);
    struct conn c = {.state = CONN_OPEN};
    list_init(&c.again);
    list_init(&g->idle);
    g->states[CONN_OPEN] = 1;
    static const enum conn_state way[] = {CONN_HEAD, CONN_BODY, CONN_LENT,   CONN_PARKED,
                                          CONN_SEND, CONN_HEAD, CONN_LENT,   CONN_IDLE,
                                          CONN_HEAD, CONN_SEND, CONN_LINGER, CONN_DEAD};
    for (size_t i = 0; i < ARRAY_COUNT(way); i++) {
        conn_to(g, &c, way[i]);
        assert_int_equal(c.state, way[i]);
        for (int s = 0; s < CONN_STATE_COUNT; s++)
            assert_int_equal(g->states[s], (enum conn_state)s == way[i] ? 1 : 0);
    }
    free(g);
}

/* Every edge that is not in the table ends the process. */
static void others_abort(void **unused)
{
    (void)unused;
    for (int from = 0; from < CONN_STATE_COUNT; from++) {
        for (int to = 0; to < CONN_STATE_COUNT; to++) {
            if (in_table(from, to) || (from + to) % 3 != 0) /* a third of them: each is a process */
                continue;
            pid_t child = fork();
            if (child == 0) {
                close(STDERR_FILENO);
                signal(SIGABRT, SIG_DFL);
                static struct group g;
                struct conn c = {.state = (uint8_t)from};
                conn_to(&g, &c, (enum conn_state)to);
                _exit(0);
            }
            int status = 0;
            assert_int_equal(waitpid(child, &status, 0), child);
            assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_table_is_allowed),
        cmocka_unit_test(names),
        cmocka_unit_test(changes_are_counted),
        cmocka_unit_test(others_abort),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
