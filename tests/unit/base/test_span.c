/* SPDX-License-Identifier: Apache-2.0
 * Spans: searching, clamping, comparing, numbers, and the hash's spread. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/check.h"
#include "base/span.h"
#include <stdio.h>
#include <stdlib.h>

static void assert_span(struct span s, const char *text)
{
    assert_non_null(s.p);
    assert_int_equal(s.n, strlen(text));
    assert_memory_equal(s.p, text, s.n);
}

static void test_absent_differs_from_empty(void **state)
{
    (void)state;
    assert_null(span_of(NULL).p);
    assert_non_null(span_of("").p);
    assert_int_equal(span_of(NULL).n, 0);
    assert_true(span_eq(SPAN_NONE, span_of("")));
    assert_null(span_from(SPAN_NONE, 3).p);
    assert_null(span_trim(SPAN_NONE).p);
}

static void test_ieq_folds_ascii_only(void **state)
{
    (void)state;
    assert_true(span_ieq(span_of("Content-Length"), span_of("cONTENT-lENGTH")));
    assert_true(span_ieq(span_of("Host"), span_of("hOST")));
    assert_true(span_ieq(SPAN_NONE, span_of("")));
    assert_false(span_ieq(span_of("Host"), span_of("Hos")));
    assert_false(span_ieq(span_of("Content-Length"), span_of("Content_Length")));
}

/* Each pair of byte values at each place of lengths on both sides of the eight-byte step. */
static void test_ieq_agrees_with_ascii_lower(void **state)
{
    (void)state;
    static const size_t lengths[] = {1, 7, 8, 9, 15, 16, 17};
    for (size_t l = 0; l < ARRAY_COUNT(lengths); l++) {
        char a[17], b[17];
        memset(a, 'k', sizeof(a));
        memset(b, 'K', sizeof(b));
        size_t n = lengths[l];
        size_t at = n / 2;
        for (int pair = 0; pair < 65536; pair++) {
            a[at] = (char)(pair & 0xff);
            b[at] = (char)(pair >> 8);
            bool same = ascii_lower(a[at]) == ascii_lower(b[at]);
            if (span_ieq(span_make(a, n), span_make(b, n)) != same)
                fail_msg("length %zu, bytes %02x %02x", n, pair & 0xff, pair >> 8);
        }
    }
}

static void test_ieq_sees_a_difference_at_each_place(void **state)
{
    (void)state;
    for (size_t n = 1; n <= 40; n++) {
        for (size_t at = 0; at < n; at++) {
            char a[40], b[40];
            memset(a, 'x', n);
            memset(b, 'X', n);
            b[at] = 'y';
            assert_false(span_ieq(span_make(a, n), span_make(b, n)));
        }
    }
}

static void test_starts_and_ends(void **state)
{
    (void)state;
    struct span s = span_of("/examples/hello");
    assert_true(span_starts(s, span_of("/examples")));
    assert_true(span_starts(s, span_of("")));
    assert_false(span_starts(s, span_of("/examples/hello/")));
    assert_false(span_starts(s, span_of("/Examples")));
    assert_true(span_ends(s, span_of("hello")));
    assert_true(span_ends(s, s));
    assert_false(span_ends(s, span_of("hell")));
    assert_true(span_starts(SPAN_NONE, SPAN_NONE));
    assert_true(span_ends(SPAN_NONE, SPAN_NONE));
}

static void test_trim_takes_spaces_and_tabs_only(void **state)
{
    (void)state;
    assert_span(span_trim(span_of(" \t a b\t ")), "a b");
    assert_span(span_trim(span_of("\ra\n")), "\ra\n");
    assert_span(span_trim(span_of(" \t ")), "");
    assert_span(span_trim(span_of("")), "");
}

static void test_cut_and_from_clamp(void **state)
{
    (void)state;
    struct span s = span_of("abcdef");
    assert_span(span_from(s, 2), "cdef");
    assert_span(span_from(s, 6), "");
    assert_span(span_from(s, SIZE_MAX), "");
    assert_span(span_cut(s, 1, 3), "bcd");
    assert_span(span_cut(s, 4, SIZE_MAX), "ef");
    assert_span(span_cut(s, SIZE_MAX, SIZE_MAX), "");
}

static void test_find(void **state)
{
    (void)state;
    struct span s = span_of("a=b=c");
    assert_int_equal(span_find(s, 0, '='), 1);
    assert_int_equal(span_find(s, 1, '='), 1);
    assert_int_equal(span_find(s, 2, '='), 3);
    assert_int_equal(span_find(s, 4, '='), 5);
    assert_int_equal(span_find(s, 99, '='), 5);
    assert_int_equal(span_rfind(s, '='), 3);
    assert_int_equal(span_rfind(s, '?'), 5);
    assert_int_equal(span_find(SPAN_NONE, 0, 'x'), 0);
    assert_int_equal(span_rfind(SPAN_NONE, 'x'), 0);
    assert_int_equal(span_find(span_make("a\0b", 3), 0, 'b'), 2);
}

static void test_split(void **state)
{
    (void)state;
    struct span rest = span_of("a,,b,"), piece;
    static const char *const pieces[] = {"a", "", "b", ""};
    for (size_t i = 0; i < ARRAY_COUNT(pieces); i++) {
        assert_true(span_split(&rest, ',', &piece));
        assert_span(piece, pieces[i]);
    }
    assert_false(span_split(&rest, ',', &piece));
    assert_null(rest.p);

    rest = span_of("");
    assert_true(span_split(&rest, ',', &piece));
    assert_span(piece, "");
    assert_false(span_split(&rest, ',', &piece));
}

static void test_to_u64(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t max, value;
        bool ok;
    } cases[] = {
        {"0", 0, 0, true},
        {"1", 0, 0, false},
        {"00000000000000000000000042", 42, 42, true},
        {"18446744073709551615", UINT64_MAX, UINT64_MAX, true},
        {"18446744073709551616", UINT64_MAX, 0, false},
        {"99999999999999999999999", UINT64_MAX, 0, false},
        {"65535", 65535, 65535, true},
        {"65536", 65535, 0, false},
        {"7", 5, 0, false},
        {"", 10, 0, false},
        {"+1", 10, 0, false},
        {"-1", 10, 0, false},
        {" 1", 10, 0, false},
        {"1 ", 10, 0, false},
        {"0x1", 10, 0, false},
        {"1:", 10, 0, false},
        {"1/", 10, 0, false},
        {"\xb1", 10, 0, false},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        uint64_t value = 4711;
        bool ok = span_to_u64(span_of(cases[i].text), cases[i].max, &value);
        if (ok != cases[i].ok || value != (ok ? cases[i].value : 4711))
            fail_msg("'%s' gave %d, %llu", cases[i].text, ok, (unsigned long long)value);
    }
}

static void test_cmp_orders_by_unsigned_bytes(void **state)
{
    (void)state;
    assert_int_equal(span_cmp(span_of("abc"), span_of("abc")), 0);
    assert_true(span_cmp(span_of("ab"), span_of("abc")) < 0);
    assert_true(span_cmp(span_of("abc"), span_of("ab")) > 0);
    assert_true(span_cmp(span_of("a\x80"), span_of("az")) > 0);
    assert_true(span_cmp(SPAN_NONE, span_of("a")) < 0);
    assert_int_equal(span_cmp(SPAN_NONE, span_of("")), 0);
}

/* Equal content hashes equally wherever it stands; one changed bit or byte more changes it. */
static void test_hash_depends_on_every_bit(void **state)
{
    (void)state;
    for (size_t n = 0; n <= 70; n++) {
        char bytes[80] = {0}, moved[81] = {0};
        for (size_t i = 0; i < n; i++)
            bytes[i] = (char)(i * 7);
        memcpy(moved + 1, bytes, n);
        uint64_t hash = span_hash(span_make(bytes, n));
        assert_true(hash == span_hash(span_make(moved + 1, n)));
        assert_false(hash == span_hash(span_make(bytes, n + 1)));
        for (size_t bit = 0; bit < n * 8; bit++) {
            bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
            assert_false(hash == span_hash(span_make(bytes, n)));
            bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
        }
    }
    assert_true(span_hash(SPAN_NONE) == span_hash(span_of("")));
}

/* 65536 similar keys into 4096 buckets by low, by high bits: 16 each on average, and with a random
 * function above 48 about once in ten thousand million buckets. */
static void test_hash_spreads_similar_keys(void **state)
{
    (void)state;
    static unsigned int low[4096], high[4096];
    memset(low, 0, sizeof(low));
    memset(high, 0, sizeof(high));
    for (int i = 0; i < 65536; i++) {
        char key[32];
        int n = snprintf(key, sizeof(key), "/context/page-%d", i);
        uint64_t hash = span_hash(span_make(key, (size_t)n));
        low[hash & 4095]++;
        high[hash >> 52]++;
    }
    for (size_t i = 0; i < ARRAY_COUNT(low); i++) {
        assert_in_range(low[i], 0, 48);
        assert_in_range(high[i], 0, 48);
    }
}

/* Another process has other secrets. */
static void test_hash_is_seeded_per_process(void **state)
{
    (void)state;
    char mine[32], line[32] = "";
    snprintf(mine, sizeof(mine), "%016llx\n", (unsigned long long)span_hash(span_of("key")));
    FILE *other = popen("/proc/$PPID/exe --hash", "r"); /* the shell's parent is this program */
    assert_non_null(other);
    assert_non_null(fgets(line, sizeof(line), other));
    assert_int_equal(pclose(other), 0);
    assert_int_equal(strlen(line), strlen(mine));
    assert_string_not_equal(line, mine);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--hash") == 0)
        return printf("%016llx\n", (unsigned long long)span_hash(span_of("key"))) == 17 ? 0 : 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_absent_differs_from_empty),
        cmocka_unit_test(test_ieq_folds_ascii_only),
        cmocka_unit_test(test_ieq_agrees_with_ascii_lower),
        cmocka_unit_test(test_ieq_sees_a_difference_at_each_place),
        cmocka_unit_test(test_starts_and_ends),
        cmocka_unit_test(test_trim_takes_spaces_and_tabs_only),
        cmocka_unit_test(test_cut_and_from_clamp),
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_split),
        cmocka_unit_test(test_to_u64),
        cmocka_unit_test(test_cmp_orders_by_unsigned_bytes),
        cmocka_unit_test(test_hash_depends_on_every_bit),
        cmocka_unit_test(test_hash_spreads_similar_keys),
        cmocka_unit_test(test_hash_is_seeded_per_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
