/* SPDX-License-Identifier: Apache-2.0
 * The arena: alignment, separate memory, what a reset keeps, cleanups, out of memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/arena.h"
#include "base/check.h"

/* Huge requests must come back as NULL under the sanitizers, too. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}
const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
    return "allocator_may_return_null=1";
}

static void test_allocations_are_aligned_and_apart(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a);
    struct {
        unsigned char *p;
        size_t n;
    } all[600];
    size_t sum = 0;
    for (size_t i = 0; i < ARRAY_COUNT(all); i++) {
        all[i].n = i * 13 % 1500; /* some need a block of their own */
        all[i].p = arena_alloc(&a, all[i].n);
        assert_non_null(all[i].p);
        assert_int_equal((uintptr_t)all[i].p % 16, 0);
        memset(all[i].p, (int)(i & 0xff), all[i].n);
        sum += all[i].n;
    }
    for (size_t i = 0; i < ARRAY_COUNT(all); i++) {
        for (size_t j = 0; j < all[i].n; j++)
            assert_int_equal(all[i].p[j], i & 0xff);
    }
    assert_in_range(a.used, sum, sum + 16 * ARRAY_COUNT(all));
    arena_destroy(&a);
}

static void test_nothing_bytes_give_an_address(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a);
    assert_non_null(arena_alloc(&a, 0));
    assert_non_null(arena_alloc(&a, 0));
    assert_non_null(arena_zalloc(&a, 0));
    arena_destroy(&a);
}

static void test_init_takes_no_memory(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a);
    assert_null(a.blocks);
    arena_reset(&a);
    assert_null(a.blocks);
    arena_destroy(&a);
    arena_destroy(&a);
}

/* N allocations of 33 bytes, which take 48; in how many blocks? */
static unsigned blocks_for(struct arena *a, unsigned n)
{
    const struct arena_block *last = a->blocks;
    unsigned blocks = 0;
    for (unsigned i = 0; i < n; i++) {
        assert_non_null(arena_alloc(a, 33));
        blocks += a->blocks != last;
        last = a->blocks;
    }
    return blocks;
}

static void test_blocks_get_larger_with_the_need(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a);
    assert_int_equal(blocks_for(&a, 10), 1);
    assert_int_equal(a.end - a.at, 0); /* 480 of 512, which malloc and a header have the rest of */
    assert_int_equal(blocks_for(&a, 1), 1);
    assert_int_equal(a.end - a.at, 992 - 48);
    assert_int_equal(blocks_for(&a, 19), 0);
    assert_int_equal(blocks_for(&a, 1), 1);
    assert_int_equal(a.end - a.at, 4080 - 48);
    assert_int_equal(blocks_for(&a, 84 + 85), 1); /* and no larger */
    assert_int_equal(a.end - a.at, 0);
    assert_int_equal(blocks_for(&a, 1), 1);
    assert_int_equal(a.end - a.at, 4080 - 48);
    arena_destroy(&a);
}

static void test_a_first_request_above_the_first_block_has_its_room(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a);
    char *p = arena_zalloc(&a, 900);
    assert_non_null(p);
    assert_int_equal(p[899], 0);
    assert_int_equal(a.end - a.at, 0); /* 912 */
    arena_destroy(&a);
}

static void test_what_is_expected_comes_from_one_block(void **state)
{
    (void)state;
    struct arena a;
    for (unsigned n = 1; n <= 85; n++) {
        arena_init(&a);
        arena_expect(&a, n * 48);
        assert_in_range(a.end - a.at, n * 48, n * 48 + 127);
        const struct arena_block *one = a.blocks;
        assert_int_equal(blocks_for(&a, n), 0);
        arena_expect(&a, (size_t)(a.end - a.at)); /* it is there */
        assert_ptr_equal(a.blocks, one);
        arena_reset(&a);
        arena_expect(&a, n * 48); /* it was kept */
        assert_ptr_equal(a.blocks, one);
        arena_destroy(&a);
    }
    arena_init(&a);
    arena_expect(&a, 1000000); /* no more than the usual size in advance */
    assert_int_equal(a.end - a.at, 4080);
    arena_expect(&a, SIZE_MAX);
    assert_int_equal(a.end - a.at, 4080);
    assert_int_equal(a.used, 0);
    arena_destroy(&a);
}

/* A connection's requests are alike: after the first ones none takes memory. */
static void test_resets_come_to_a_block_that_suffices(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a);
    for (unsigned n = 1; n <= 85; n += 7) {
        unsigned taken = 1, rounds = 0;
        while (taken > 0) {
            assert_true(rounds++ < 4);
            taken = blocks_for(&a, n);
            arena_reset(&a);
        }
    }
    assert_int_equal(a.end - a.at, 4080);
    arena_destroy(&a);
}

static void test_large_request_leaves_the_current_block(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a);
    char *small = arena_alloc(&a, 16);
    assert_non_null(small);
    char *large = arena_zalloc(&a, 1000000);
    assert_non_null(large);
    assert_int_equal(large[0] | large[999999], 0);
    assert_ptr_equal(arena_alloc(&a, 16), small + 16);
    arena_destroy(&a);
}

static void test_reset_keeps_the_largest_usual_block(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a);
    assert_non_null(arena_alloc(&a, 100000)); /* oldest, but not of the usual size */
    for (int i = 0; i < 1000; i++)
        assert_non_null(arena_alloc(&a, 100));
    assert_non_null(arena_alloc(&a, 100000));
    arena_reset(&a);
    assert_int_equal(a.used, 0);
    assert_non_null(a.blocks);
    const struct arena_block *kept = a.blocks;
    assert_in_range(a.end - a.at, 4000, 4096);
    assert_non_null(arena_alloc(&a, 3000));
    assert_ptr_equal(a.blocks, kept);
    arena_reset(&a);
    assert_ptr_equal(a.blocks, kept);
    arena_destroy(&a);
    assert_null(a.blocks);
}

static void test_zalloc_clears_used_memory(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a);
    memset(arena_alloc(&a, 3000), 0xff, 3000);
    arena_reset(&a);
    const char *p = arena_zalloc(&a, 3000);
    for (size_t i = 0; i < 3000; i++)
        assert_int_equal(p[i], 0);
    arena_destroy(&a);
}

static void test_copies(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a);
    char source[] = "a\0b";
    struct span copy = arena_copy(&a, span_make(source, 3));
    source[0] = 'x';
    assert_int_equal(copy.n, 3);
    assert_memory_equal(copy.p, "a\0b\0", 4);
    assert_null(arena_copy(&a, SPAN_NONE).p);
    struct span empty = arena_copy(&a, span_of(""));
    assert_string_equal(empty.p, "");
    assert_string_equal(arena_strdup(&a, "text"), "text");
    arena_destroy(&a);
}

static void test_grow_doubles_and_keeps(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a);
    uint32_t cap = 0, *v = NULL;
    for (uint32_t n = 0; n < 100; n++) {
        if (n == cap)
            assert_non_null(v = arena_grow(&a, v, &cap, sizeof(*v), 3));
        v[n] = n;
    }
    assert_int_equal(cap, 192);
    for (uint32_t n = 0; n < 100; n++)
        assert_int_equal(v[n], n);
    uint32_t huge = UINT32_MAX / 4;
    assert_null(arena_grow(&a, v, &huge, sizeof(*v), 3));
    assert_int_equal(huge, UINT32_MAX / 4);
    arena_destroy(&a);
}

static void test_printf_of_all_lengths(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a);
    for (int n = 3; n < 600; n++) {
        const char *text = arena_printf(&a, "%0*d", n, n);
        assert_int_equal(strlen(text), n);
        assert_int_equal(text[n - 1], '0' + n % 10);
    }
    assert_string_equal(arena_printf(&a, "%s", ""), "");
    arena_destroy(&a);
}

static char trace[16];
static size_t traced;
static void note(void *arg)
{
    trace[traced++] = *(const char *)arg;
}

static struct arena *again_arena;
static void note_and_register(void *arg)
{
    note(arg);
    assert_true(arena_on_cleanup(again_arena, note, "n"));
}

static int trace_clear(void **state)
{
    (void)state;
    memset(trace, 0, sizeof(trace));
    traced = 0;
    return 0;
}

static void test_cleanups_run_last_in_first_out(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a);
    again_arena = &a;
    assert_true(arena_on_cleanup(&a, note, "1"));
    assert_true(arena_on_cleanup(&a, note_and_register, "2"));
    assert_true(arena_on_cleanup(&a, note, "3"));
    arena_reset(&a);
    assert_string_equal(trace, "32n1");
    arena_reset(&a);
    assert_string_equal(trace, "32n1");
    assert_true(arena_on_cleanup(&a, note, "4"));
    arena_destroy(&a);
    assert_string_equal(trace, "32n14");
}

static void test_run_cleanups_keeps_the_memory(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a);
    const char *text = arena_strdup(&a, "still here");
    assert_true(arena_on_cleanup(&a, note, "1"));
    arena_run_cleanups(&a);
    arena_run_cleanups(&a);
    assert_string_equal(trace, "1");
    assert_string_equal(text, "still here");
    arena_destroy(&a);
    assert_string_equal(trace, "1");
}

static void test_too_much_is_null_and_harmless(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a);
    volatile size_t huge = SIZE_MAX;
    assert_null(arena_alloc(&a, huge));
    assert_null(arena_alloc(&a, huge - 8));
    assert_null(arena_alloc(&a, huge / 2 + 1));
    assert_null(arena_zalloc(&a, huge));
    assert_null(arena_copy(&a, span_make("", huge)).p);
    assert_int_equal(a.used, 0);
    assert_non_null(arena_alloc(&a, 10));
    assert_null(arena_alloc(&a, huge));
    assert_null(arena_alloc(&a, huge - 15));
    assert_int_equal(a.used, 16);
    assert_non_null(arena_alloc(&a, 10));
    arena_destroy(&a);
}

/* Only where AddressSanitizer is built in: what was not handed out may not be touched. */
static void test_unused_memory_is_poisoned(void **state)
{
    (void)state;
#ifdef ARENA_POISONS
    struct arena a;
    arena_init(&a);
    char *p = arena_alloc(&a, 10);
    assert_null(__asan_region_is_poisoned(p, 10));
    assert_ptr_equal(__asan_region_is_poisoned(p, 11), p + 10);
    char *q = arena_alloc(&a, 16);
    assert_null(__asan_region_is_poisoned(q, 16));
    assert_ptr_equal(__asan_region_is_poisoned(p, 11), p + 10);
    arena_reset(&a);
    assert_ptr_equal(__asan_region_is_poisoned(p, 1), p);
    arena_destroy(&a);
#else
    skip();
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_allocations_are_aligned_and_apart),
        cmocka_unit_test(test_nothing_bytes_give_an_address),
        cmocka_unit_test(test_init_takes_no_memory),
        cmocka_unit_test(test_blocks_get_larger_with_the_need),
        cmocka_unit_test(test_a_first_request_above_the_first_block_has_its_room),
        cmocka_unit_test(test_what_is_expected_comes_from_one_block),
        cmocka_unit_test(test_resets_come_to_a_block_that_suffices),
        cmocka_unit_test(test_large_request_leaves_the_current_block),
        cmocka_unit_test(test_reset_keeps_the_largest_usual_block),
        cmocka_unit_test(test_zalloc_clears_used_memory),
        cmocka_unit_test(test_copies),
        cmocka_unit_test(test_grow_doubles_and_keeps),
        cmocka_unit_test(test_printf_of_all_lengths),
        cmocka_unit_test_setup(test_cleanups_run_last_in_first_out, trace_clear),
        cmocka_unit_test_setup(test_run_cleanups_keeps_the_memory, trace_clear),
        cmocka_unit_test(test_too_much_is_null_and_harmless),
        cmocka_unit_test(test_unused_memory_is_poisoned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
