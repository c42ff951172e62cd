/* SPDX-License-Identifier: Apache-2.0
 * The limit of open files is enough for what the defaults want, or connections give way, then temporary
 * files; it is never overdrawn. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cli/fd_budget.h"

static void all_fits(void **unused)
{
    (void)unused;
    struct fd_budget b = fd_budget(8192 + 4096 + 512 + 1024, 8192, 4096);
    assert_int_equal(b.connections, 8192);
    assert_int_equal(b.spool_files, 4096);
    b = fd_budget(1048576, 8192, 4096);
    assert_int_equal(b.connections, 8192);
    assert_int_equal(b.spool_files, 4096);
}

static void connections_give_way_first(void **unused)
{
    (void)unused;
    struct fd_budget b = fd_budget(10000, 8192, 4096);
    assert_int_equal(b.connections, 10000 - 4096 - 512 - 1024);
    assert_int_equal(b.spool_files, 4096);
    b = fd_budget(13823, 8192, 4096);
    assert_int_equal(b.connections, 8191);
}

static void then_temporary_files(void **unused)
{
    (void)unused;
    struct fd_budget b = fd_budget(4096, 8192, 4096);
    assert_int_equal(b.connections, 1024);
    assert_int_equal(b.spool_files, 4096 - 1024 - 512 - 1024);
    b = fd_budget(1024, 8192, 4096);
    assert_int_equal(b.connections, 256);
    assert_int_equal(b.spool_files, 128);
    b = fd_budget(1, 8192, 4096);
    assert_int_equal(b.connections, 1);
    assert_int_equal(b.spool_files, 0);
}

static void never_overdrawn(void **unused)
{
    (void)unused;
    for (uint64_t limit = 64; limit < 30000; limit += 7) {
        struct fd_budget b = fd_budget(limit, 8192, 4096);
        assert_true(b.connections + b.spool_files <= limit / 2 ||
                    b.connections + b.spool_files + FD_BUDGET_OWN + FD_BUDGET_MODULES <= limit);
        assert_true(b.connections >= 1 && b.connections <= 8192 && b.spool_files <= 4096);
    }
}

#define LEVEL(connections, ...)                                     \
    fd_budget_level((connections), (const uint64_t[]){__VA_ARGS__}, \
                    sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t))

static void shares(void **unused)
{
    (void)unused;
    assert_true(LEVEL(8192, 8192) >= 8192);
    assert_true(LEVEL(20000, 8192, 8192) >= 8192); /* everybody gets what he wants */
    assert_int_equal(LEVEL(1000, 8192, 8192), 500);
    assert_int_equal(LEVEL(1000, 3, 8192), 997); /* regression 124: 3 was made 1 */
    assert_int_equal(LEVEL(1000, 100, 300, 8192), 600);
    assert_int_equal(LEVEL(1000, 8192, 300, 100), 600);
    assert_int_equal(LEVEL(2, 8192, 8192, 8192), 1);
    assert_int_equal(LEVEL(1000000, 1000000, 1000000, 1000000, 1000000), 250000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_fits),
        cmocka_unit_test(connections_give_way_first),
        cmocka_unit_test(then_temporary_files),
        cmocka_unit_test(never_overdrawn),
        cmocka_unit_test(shares),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
