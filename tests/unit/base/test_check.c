/* SPDX-License-Identifier: Apache-2.0
 * A failed CHECK says what, where and in which thread, and ends the process by abort. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/check.h"
#include "base/list.h"
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Runs FN in a child and gives what it wrote to stderr; fails unless it aborted. */
static void assert_aborts(void (*fn)(void), const char *says)
{
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        fn();
        _exit(0);
    }
    close(ends[1]);
    char text[4096];
    size_t n = 0;
    ssize_t got;
    while (n < sizeof(text) - 1 && (got = read(ends[0], text + n, sizeof(text) - 1 - n)) > 0)
        n += (size_t)got;
    text[n] = 0;
    close(ends[0]);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
    if (!strstr(text, says))
        fail_msg("said: %s", text);
}

static void fail_plainly(void)
{
    int two = 2;
    CHECK(two + two == 5);
}

static void fail_in_a_long_text(void)
{
    char expr[3000];
    memset(expr, 'e', sizeof(expr) - 1);
    expr[sizeof(expr) - 1] = 0;
    check_failed(expr, "file.c", 7, "func");
}

static void reach(void)
{
    UNREACHABLE();
}

static void fail_with_lines(void)
{
    check_failed("x", "file.c", 2147483647, "func");
}

static void test_failure_says_where(void **state)
{
    (void)state;
    assert_aborts(fail_plainly, "check failed in thread main: two + two == 5 (");
    assert_aborts(fail_plainly, "test_check.c:");
    assert_aborts(fail_plainly, ", fail_plainly)\n");
    assert_aborts(fail_with_lines, "(file.c:2147483647, func)\n");
    assert_aborts(reach, "unreachable");
    assert_aborts(fail_in_a_long_text, "eeee");
}

static int calls;
static int counted(void)
{
    return ++calls;
}

static void test_expression_is_evaluated_once(void **state)
{
    (void)state;
    calls = 0;
    CHECK(counted() == 1);
    assert_int_equal(calls, 1);
}

struct item {
    int value;
    struct list link;
};

static void test_list_and_container_of(void **state)
{
    (void)state;
    struct list head;
    struct item items[4] = {{.value = 0}, {.value = 1}, {.value = 2}, {.value = 3}};
    list_init(&head);
    assert_true(list_empty(&head));
    assert_null(list_first(&head));
    for (size_t i = 1; i < ARRAY_COUNT(items); i++)
        list_add_tail(&head, &items[i].link);
    list_add_head(&head, &items[0].link);
    int expected = 0;
    LIST_FOREACH (it, &head) {
        assert_int_equal(CONTAINER_OF(it, struct item, link)->value, expected++);
    }
    assert_int_equal(expected, 4);
    LIST_FOREACH_SAFE (it, next, &head) {
        if (CONTAINER_OF(it, struct item, link)->value != 2)
            list_remove(it);
    }
    list_remove(&items[0].link); /* twice is harmless */
    assert_ptr_equal(list_first(&head), &items[2].link);
    assert_ptr_equal(head.prev, &items[2].link);
    list_remove(&items[2].link);
    assert_true(list_empty(&head));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_failure_says_where),
        cmocka_unit_test(test_expression_is_evaluated_once),
        cmocka_unit_test(test_list_and_container_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
