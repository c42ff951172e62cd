/* SPDX-License-Identifier: Apache-2.0
 * The Range field (RFC 9110 section 14), a row per rule: what is malformed, satisfiable, joined, ignored. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <stdio.h>
#include "ranges.h"

#define IGNORED       RANGES_IGNORED
#define PARTIAL       RANGES_PARTIAL
#define UNSATISFIABLE RANGES_UNSATISFIABLE

static const struct {
    const char *field;
    int64_t size;
    enum ranges_verdict verdict;
    const char *rows; /* of PARTIAL */
} table[] = {
    /* 14.1.1, 14.1.2: one range */
    {"bytes=0-499", 10000, PARTIAL, "0-499"},
    {"bytes=500-999", 10000, PARTIAL, "500-999"},
    {"bytes=0-0", 10000, PARTIAL, "0-0"},
    {"bytes=9500-", 10000, PARTIAL, "9500-9999"},
    {"bytes=0-", 10000, PARTIAL, "0-9999"},
    {"bytes=-500", 10000, PARTIAL, "9500-9999"},
    {"bytes=-1", 10000, PARTIAL, "9999-9999"},
    {"bytes=9999-9999", 10000, PARTIAL, "9999-9999"},
    {"bytes=0-9999", 10000, PARTIAL, "0-9999"},
    {"bytes=0-10000", 10000, PARTIAL, "0-9999"},
    {"bytes=0-99999999999999999999999999", 10000, PARTIAL, "0-9999"},
    {"bytes=-10001", 10000, PARTIAL, "0-9999"},
    {"bytes=-99999999999999999999999999", 10000, PARTIAL, "0-9999"},
    {"bytes=00000000000000000000000000001-2", 10000, PARTIAL, "1-2"},
    {"BYTES=1-2", 10000, PARTIAL, "1-2"},
    {"bytes=0-0", 1, PARTIAL, "0-0"},
    {"bytes=4294967296-4294967297", INT64_C(5000000000), PARTIAL, "4294967296-4294967297"},
    {"bytes=9223372036854775806-", INT64_MAX, PARTIAL, "9223372036854775806-9223372036854775806"},

    /* 14.1.2, 15.5.17: nothing of it is there */
    {"bytes=10000-", 10000, UNSATISFIABLE, NULL},
    {"bytes=10000-10001", 10000, UNSATISFIABLE, NULL},
    {"bytes=99999999999999999999999-", 10000, UNSATISFIABLE, NULL},
    {"bytes=-0", 10000, UNSATISFIABLE, NULL},
    {"bytes=0-", 0, UNSATISFIABLE, NULL},
    {"bytes=0-0", 0, UNSATISFIABLE, NULL},
    {"bytes=-0", 0, UNSATISFIABLE, NULL},
    {"bytes=10000-, -0", 10000, UNSATISFIABLE, NULL},
    {"bytes=9223372036854775807-", INT64_MAX, UNSATISFIABLE, NULL},
    /* a suffix of nothing is satisfiable, but no Content-Range can say it */
    {"bytes=-5", 0, IGNORED, NULL},

    /* malformed */
    {"bytes=", 10000, UNSATISFIABLE, NULL},
    {"bytes=,", 10000, UNSATISFIABLE, NULL},
    {"bytes=-", 10000, UNSATISFIABLE, NULL},
    {"bytes=5", 10000, UNSATISFIABLE, NULL},
    {"bytes=a-b", 10000, UNSATISFIABLE, NULL},
    {"bytes=2-1", 10000, UNSATISFIABLE, NULL},
    {"bytes=0-1,2-1", 10000, UNSATISFIABLE, NULL},
    {"bytes=0-1;2-3", 10000, UNSATISFIABLE, NULL},
    {"bytes=0-1 2-3", 10000, UNSATISFIABLE, NULL},
    {"bytes=0 - 1", 10000, UNSATISFIABLE, NULL},
    {"bytes=--1", 10000, UNSATISFIABLE, NULL},
    {"bytes=+1-2", 10000, UNSATISFIABLE, NULL},
    {"bytes=0x1-2", 10000, UNSATISFIABLE, NULL},
    {"bytes=1-2-3", 10000, UNSATISFIABLE, NULL},

    /* other units are ignored (14.2) */
    {"lines=1-2", 10000, IGNORED, NULL},
    {"bytes 0-1", 10000, IGNORED, NULL},
    {"bytes", 10000, IGNORED, NULL},
    {"", 10000, IGNORED, NULL},
    {"bytes =0-1", 10000, IGNORED, NULL},

    /* several; the order is the client's, what is not there is left out */
    {"bytes=500-600,700-800", 10000, PARTIAL, "500-600 700-800"},
    {"bytes=0-0,-1", 10000, PARTIAL, "0-0 9999-9999"},
    {"bytes=700-800,500-600", 10000, PARTIAL, "700-800 500-600"},
    {"bytes= 0-0 , -1 ", 10000, PARTIAL, "0-0 9999-9999"},
    {"bytes=,,0-0,,,5-5,,", 10000, PARTIAL, "0-0 5-5"},
    {"bytes=0-0\t,\t5-5", 10000, PARTIAL, "0-0 5-5"},
    {"bytes=0-0,10000-,5-5", 10000, PARTIAL, "0-0 5-5"},
    {"bytes=10000-,5-5", 10000, PARTIAL, "5-5"},
    /* what overlaps or touches is joined, where the first of them stood */
    {"bytes=500-600,601-999", 10000, PARTIAL, "500-999"},
    {"bytes=500-700,601-999", 10000, PARTIAL, "500-999"},
    {"bytes=0-9,0-9,0-9", 10000, PARTIAL, "0-9"},
    {"bytes=0-,0-,0-", 10000, PARTIAL, "0-9999"},
    {"bytes=0-9,100-109,5-104", 10000, PARTIAL, "0-109"},
    {"bytes=900-909,0-9,905-919,2-3", 10000, PARTIAL, "900-919 0-9"},
    {"bytes=100-109,0-9,10-99", 10000, PARTIAL, "0-109"},
    {"bytes=5000-5009,0-9,20-29,10-19,9000-9009", 10000, PARTIAL, "5000-5009 0-29 9000-9009"},
};

static void format(const struct ranges *r, char *out, size_t size)
{
    size_t n = 0;
    out[0] = '\0';
    for (uint32_t i = 0; i < r->count; i++)
        n += (size_t)snprintf(out + n, size - n, "%s%lld-%lld", i ? " " : "",
                              (long long)r->rows[i].first, (long long)r->rows[i].last);
}

static void every_row(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct ranges r;
        char text[2048];
        cs_str field = {table[i].field, strlen(table[i].field)};
        enum ranges_verdict verdict = ranges_parse(field, table[i].size, &r);
        format(&r, text, sizeof(text));
        if (verdict != table[i].verdict || (table[i].rows && strcmp(text, table[i].rows) != 0))
            fail_msg("%s of %lld: %d, %s", table[i].field, (long long)table[i].size, verdict, text);
    }
}

static void a_flood_is_ignored(void **state)
{
    (void)state;
    struct ranges r;
    char field[8192] = "bytes=";
    size_t n = strlen(field);
    for (int i = 0; i < 32; i++)
        n += (size_t)snprintf(field + n, sizeof(field) - n, "%d-%d,", i * 10, i * 10);
    assert_int_equal(ranges_parse((cs_str){field, n}, 100000, &r), RANGES_PARTIAL);
    assert_int_equal(r.count, 32);
    n += (size_t)snprintf(field + n, sizeof(field) - n, "5000-5001,");
    assert_int_equal(ranges_parse((cs_str){field, n}, 100000, &r), RANGES_IGNORED);
    for (n = 6; n + 3 < sizeof(field); n += 3)
        memcpy(field + n, "0-,", 3);
    assert_int_equal(ranges_parse((cs_str){field, n}, 100000, &r), RANGES_IGNORED);
}

/* Whatever is joined: no byte twice, all within the file, each byte that was asked for is there. */
static void random_sets_cover_what_was_asked(void **state)
{
    (void)state;
    enum { SIZE = 64 };
    uint32_t seed = 12345;
    for (int round = 0; round < 20000; round++) {
        char field[1024] = "bytes=";
        size_t n = strlen(field);
        uint8_t asked[SIZE] = {0}, got[SIZE] = {0};
        for (int k = (int)(seed % 32) + 1; k > 0; k--) {
            seed = seed * 1664525u + 1013904223u;
            unsigned first = (seed >> 8) % SIZE, last = first + (seed >> 16) % 12;
            n += (size_t)snprintf(field + n, sizeof(field) - n, "%u-%u,", first, last);
            for (unsigned b = first; b <= last && b < SIZE; b++)
                asked[b] = 1;
        }
        struct ranges r;
        assert_int_equal(ranges_parse((cs_str){field, n}, SIZE, &r), RANGES_PARTIAL);
        for (uint32_t i = 0; i < r.count; i++) {
            assert_true(r.rows[i].first >= 0 && r.rows[i].last < SIZE);
            for (int64_t b = r.rows[i].first; b <= r.rows[i].last; b++)
                got[b]++;
        }
        assert_memory_equal(asked, got, SIZE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row),
        cmocka_unit_test(a_flood_is_ignored),
        cmocka_unit_test(random_sets_cover_what_was_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
