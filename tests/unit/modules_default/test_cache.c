/* SPDX-License-Identifier: Apache-2.0
 * The memory of files: bounds, who stays, holders, many threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <pthread.h>
#include <stdio.h>
#include "cache.h"

static cs_str key_of(const char *text)
{
    return (cs_str){text, strlen(text)};
}

static void put(struct cache *c, const char *key, const char *bytes, size_t size)
{
    char *room;
    struct entry *e = entry_new(key_of(key), "text/plain", size, &room);
    assert_non_null(e);
    memset(room, *bytes, size);
    e->bytes = room;
    e->id.size = (int64_t)size;
    cache_put(c, e);
    entry_release(e);
}

static bool has(struct cache *c, const char *key)
{
    struct entry *e = cache_get(c, key_of(key));
    entry_release(e);
    return e != NULL;
}

static void what_was_put_is_found(void **state)
{
    (void)state;
    struct cache *c = cache_new(1 << 20);
    put(c, "/a", "1", 10);
    put(c, "/b", "2", 20);
    struct entry *e = cache_get(c, key_of("/a"));
    assert_non_null(e);
    assert_string_equal(e->key, "/a");
    assert_string_equal(e->type, "text/plain");
    assert_int_equal(e->id.size, 10);
    assert_int_equal(e->bytes[9], '1');
    assert_false(has(c, "/c"));
    assert_false(has(c, "/"));
    put(c, "/a", "3", 30); /* in its place; who holds the old one keeps it */
    assert_int_equal(e->bytes[9], '1');
    entry_release(e);
    e = cache_get(c, key_of("/a"));
    assert_int_equal(e->bytes[29], '3');
    cache_drop(c, e);
    assert_false(has(c, "/a"));
    cache_drop(c, e); /* it is not there any more */
    entry_release(e);
    assert_true(has(c, "/b"));
    cache_free(c);
}

static void it_stays_within_its_bytes(void **state)
{
    (void)state;
    enum { BYTES = 1 << 20 };
    struct cache *c = cache_new(BYTES);
    char key[32];
    for (int i = 0; i < 5000; i++) {
        snprintf(key, sizeof(key), "/%d", i);
        put(c, key, "x", (size_t)(i * 7 % 4000));
        assert_true(cache_used(c) <= BYTES);
        assert_true(has(c, key));
    }
    assert_true(cache_used(c) > BYTES / 2);
    put(c, "/large", "x", BYTES / 8); /* more than a part may hold */
    assert_false(has(c, "/large"));
    cache_free(c);
    c = cache_new(0);
    put(c, "/a", "x", 0);
    assert_false(has(c, "/a"));
    assert_int_equal(cache_used(c), 0);
    cache_free(c);
    cache_free(NULL);
}

static void what_is_asked_for_stays(void **state)
{
    (void)state;
    struct cache *c = cache_new(1 << 20);
    char key[32];
    put(c, "/wanted", "w", 1000);
    for (int i = 0; i < 5000; i++) {
        snprintf(key, sizeof(key), "/%d", i);
        put(c, key, "x", 1000);
        assert_true(has(c, "/wanted"));
    }
    assert_false(has(c, "/0"));
    cache_free(c);
}

static void *work(void *arg)
{
    struct cache *c = arg;
    char key[32];
    for (int i = 0; i < 20000; i++) {
        snprintf(key, sizeof(key), "/%d", i * 31 % 700);
        struct entry *e = cache_get(c, key_of(key));
        if (!e) {
            put(c, key, key + 1, 500);
            continue;
        }
        assert_int_equal(e->bytes[0], key[1]);
        assert_int_equal(e->bytes[499], key[1]);
        if (i % 17 == 0)
            cache_drop(c, e);
        entry_release(e);
    }
    return NULL;
}

static void many_threads(void **state)
{
    (void)state;
    struct cache *c = cache_new(200000);
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, work, c), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_true(cache_used(c) <= 200000);
    cache_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_put_is_found),
        cmocka_unit_test(it_stays_within_its_bytes),
        cmocka_unit_test(what_is_asked_for_stays),
        cmocka_unit_test(many_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
