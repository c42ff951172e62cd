/* SPDX-License-Identifier: Apache-2.0
 * The map: order of insertion, replacing, removing, binary keys, many keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/map.h"
#include "base/check.h"
#include <stdio.h>

static int values[1000];

static void assert_key_at(const struct map *m, size_t i, const char *key, const void *value)
{
    struct span k;
    void *v;
    map_at(m, i, &k, &v);
    assert_string_equal(k.p, key); /* keys have a NUL behind */
    assert_int_equal(k.n, strlen(key));
    assert_ptr_equal(v, value);
}

static void test_empty(void **state)
{
    (void)state;
    struct map *m = map_new();
    assert_int_equal(map_count(m), 0);
    assert_null(map_get(m, span_of("x")));
    assert_null(map_remove(m, span_of("x")));
    map_free(&m);
    assert_null(m);
    map_free(&m);
}

static void test_put_replace_get(void **state)
{
    (void)state;
    struct map *m = map_new();
    char key[] = "name";
    void *old = &values[9];
    assert_true(map_put(m, span_of(key), &values[0], &old));
    assert_null(old);
    key[0] = 'x'; /* the map has its own copy */
    assert_ptr_equal(map_get(m, span_of("name")), &values[0]);
    assert_null(map_get(m, span_of("xame")));
    assert_null(map_get(m, span_of("Name")));
    assert_null(map_get(m, span_of("nam")));
    assert_true(map_put(m, span_of("name"), &values[1], &old));
    assert_ptr_equal(old, &values[0]);
    assert_true(map_put(m, span_of("name"), &values[2], NULL));
    assert_ptr_equal(map_get(m, span_of("name")), &values[2]);
    assert_int_equal(map_count(m), 1);
    map_free(&m);
}

static void test_keys_are_any_bytes(void **state)
{
    (void)state;
    struct map *m = map_new();
    assert_true(map_put(m, span_of(""), &values[0], NULL));
    assert_true(map_put(m, span_make("a\0b", 3), &values[1], NULL));
    assert_true(map_put(m, span_make("a\0c", 3), &values[2], NULL));
    assert_true(map_put(m, span_of("a"), &values[3], NULL));
    assert_int_equal(map_count(m), 4);
    assert_ptr_equal(map_get(m, SPAN_NONE), &values[0]);
    assert_ptr_equal(map_get(m, span_make("a\0b", 3)), &values[1]);
    assert_ptr_equal(map_get(m, span_make("a\0c", 3)), &values[2]);
    assert_ptr_equal(map_get(m, span_of("a")), &values[3]);
    map_free(&m);
}

static void test_order_survives_replacing_and_removing(void **state)
{
    (void)state;
    struct map *m = map_new();
    static const char *const keys[] = {"z", "a", "m", "b"};
    for (size_t i = 0; i < ARRAY_COUNT(keys); i++)
        assert_true(map_put(m, span_of(keys[i]), &values[i], NULL));
    assert_true(map_put(m, span_of("a"), &values[7], NULL));
    assert_ptr_equal(map_remove(m, span_of("m")), &values[2]);
    assert_null(map_remove(m, span_of("m")));
    assert_null(map_get(m, span_of("m")));
    assert_int_equal(map_count(m), 3);
    assert_key_at(m, 0, "z", &values[0]);
    assert_key_at(m, 1, "a", &values[7]);
    assert_key_at(m, 2, "b", &values[3]);
    assert_true(map_put(m, span_of("m"), &values[8], NULL)); /* at the end now */
    assert_key_at(m, 3, "m", &values[8]);
    map_at(m, 0, NULL, NULL);
    map_free(&m);
}

static void test_remove_by_the_maps_own_key(void **state)
{
    (void)state;
    struct map *m = map_new();
    assert_true(map_put(m, span_of("first"), &values[0], NULL));
    assert_true(map_put(m, span_of("second"), &values[1], NULL));
    struct span key;
    map_at(m, 0, &key, NULL);
    assert_ptr_equal(map_remove(m, key), &values[0]);
    assert_key_at(m, 0, "second", &values[1]);
    map_free(&m);
}

static void test_many(void **state)
{
    (void)state;
    struct map *m = map_new();
    char key[16];
    for (int i = 0; i < 1000; i++) {
        snprintf(key, sizeof(key), "key%d", i);
        assert_true(map_put(m, span_of(key), &values[i], NULL));
    }
    for (int i = 0; i < 1000; i += 3) {
        snprintf(key, sizeof(key), "key%d", i);
        assert_ptr_equal(map_remove(m, span_of(key)), &values[i]);
    }
    assert_int_equal(map_count(m), 666);
    size_t place = 0;
    for (int i = 0; i < 1000; i++) {
        snprintf(key, sizeof(key), "key%d", i);
        if (i % 3 == 0) {
            assert_null(map_get(m, span_of(key)));
        } else {
            assert_ptr_equal(map_get(m, span_of(key)), &values[i]);
            assert_key_at(m, place++, key, &values[i]);
        }
    }
    map_free(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_put_replace_get),
        cmocka_unit_test(test_keys_are_any_bytes),
        cmocka_unit_test(test_order_survives_replacing_and_removing),
        cmocka_unit_test(test_remove_by_the_maps_own_key),
        cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
