/* SPDX-License-Identifier: Apache-2.0
 * Records on their way to the valves that take them: nothing is lost uncounted while threads add and one
 * delivers, memory is bounded by rows and by text, each valve gets its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/thread.h"
#include "engine/call.h"
#include "observe/access_fields.h"
#include "observe/counters.h"

#include <cmocka.h> /* its macros: behind <cserv/servlet.h> */

static struct engine *engine;
static struct context *shop, *other;
static struct module module = {.name = "test"};
static struct host_module host = {.as = {.module = &module}};

struct seen {
    uint64_t rows, bytes, calls;
    uint32_t most; /* of one call */
    size_t longest;
    bool wrong;
};
static struct seen of_engine, of_shop;

static int take(const cs_record *rows, uint32_t count, uint32_t row_size, void *self)
{
    struct seen *s = self;
    for (uint32_t i = 0; i < count; i++) {
        const cs_record *r = cs_record_at(rows, i, row_size);
        s->bytes += (uint64_t)r->bytes_out;
        s->longest = r->user_agent.len > s->longest ? r->user_agent.len : s->longest;
        s->wrong |= r->size != sizeof(*r) || strcmp(r->method.ptr, "GET") != 0 ||
                    strcmp(r->peer_addr.ptr, "192.0.2.1") != 0 || r->query.ptr ||
                    r->uri.ptr[r->uri.len] != '\0';
    }
    s->rows += count;
    s->calls++;
    s->most = count > s->most ? count : s->most;
    return CS_OK;
}

static const cs_valve row = {.name = "taker", .records = take};
static struct valve on_engine = {.row = &row, .module = &host, .reg = {.name = "taker"}};
static struct valve on_shop = {.row = &row, .module = &host, .reg = {.name = "taker"}};

static int setup(void **state)
{
    struct err err = ERR_INIT;
    const struct engine_options options = {.server_name = "cserv/test", .max_parameter_count = 10};
    (void)state;
    engine = engine_new(&options, &err);
    struct engine_host *h = engine ? engine_add_host(engine, "localhost", &err) : NULL;
    if (!h)
        return -1;
    engine_set_default_host(engine, h);
    shop = engine_add_context(engine, h, "/shop", NULL, &err);
    other = engine_add_context(engine, h, "/other", NULL, &err);
    of_engine = of_shop = (struct seen){.rows = 0};
    on_engine.reg.self = &of_engine;
    on_shop.reg.self = &of_shop;
    return shop && other ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    engine_destroy(&engine);
    return 0;
}

static void with_valves(bool at_engine)
{
    on_shop.context = shop;
    on_shop.next_taker = at_engine ? &on_engine : NULL;
    shop->pipeline.takes = true;
    engine->pipeline.takes = at_engine;
    engine->takers = &on_shop;
}

static struct span agent;

static struct span lookup(const void *arg, enum access_source source, struct span name,
                          uint32_t nth, char scratch[ACCESS_SCRATCH])
{
    (void)arg;
    (void)source;
    (void)nth;
    (void)scratch;
    return span_eq(name, SPAN_LIT("user-agent")) ? agent : SPAN_NONE;
}

static bool add(struct records *r, struct context *c, uint64_t bytes)
{
    static const uint8_t peer[4] = {192, 0, 2, 1};
    const struct route route = {.host = c->host, .context = c, .found = true};
    const struct access_fields f = {.method = SPAN_LIT("GET"),
                                    .path = SPAN_LIT("/shop/a"),
                                    .version = 11,
                                    .bytes = bytes,
                                    .peer = {.bytes = peer, .family = 4},
                                    .started_us = clock_us(),
                                    .ended_us = clock_us(),
                                    .lookup = lookup};
    return engine_records_add(r, &route, &f);
}

static struct records *opened(void)
{
    struct records *r;
    assert_true(engine_records_open(engine, &r));
    return r;
}

static void test_no_valve_no_memory(void **state)
{
    (void)state;
    assert_null(opened());
}

static void test_each_gets_its_own(void **state)
{
    (void)state;
    with_valves(true);
    struct records *r = opened();
    assert_false(engine_records_wait(r));
    assert_false(add(r, shop, 1));
    assert_false(add(r, other, 10));
    assert_true(engine_records_wait(r));
    assert_false(engine_records_due(r, clock_us()));
    assert_true(engine_records_due(r, clock_us() + 2 * RECORDS_DELAY_US));
    engine_records_deliver(r);
    assert_int_equal(of_engine.bytes, 11);
    assert_int_equal(of_shop.bytes, 1);
    assert_false(engine_records_wait(r));
    engine_records_deliver(r); /* nothing came since: no call */
    assert_int_equal(of_engine.calls, 1);
    assert_false(of_engine.wrong || of_shop.wrong);
    engine_records_close(&r);
}

static void test_nobody_wants_it(void **state)
{
    (void)state;
    with_valves(false);
    struct records *r = opened();
    add(r, other, 1);
    assert_false(engine_records_wait(r));
    engine_records_close(&r);
}

/* A full batch is said at once; a call gets at most 256 rows; beyond 4096 all is counted as lost. */
static void test_rows_are_bounded(void **state)
{
    (void)state;
    with_valves(true);
    struct records *r = opened();
    uint64_t lost = counter_read(COUNTER_records_lost), kept = counter_read(COUNTER_records);
    for (uint32_t i = 0; i < 5000; i++) {
        bool full = add(r, shop, 1);
        assert_int_equal(full, i >= 255);
    }
    assert_int_equal(counter_read(COUNTER_records) - kept, 4096);
    assert_int_equal(counter_read(COUNTER_records_lost) - lost, 904);
    engine_records_deliver(r);
    assert_int_equal(of_shop.rows, 4096);
    assert_int_equal(of_shop.most, 256);
    add(r, shop, 1);
    engine_records_deliver(r);
    assert_int_equal(of_shop.rows, 4097);
    engine_records_close(&r);
}

/* Long texts are cut, and 4 MiB of them are enough. */
static void test_text_is_bounded(void **state)
{
    (void)state;
    with_valves(true);
    struct records *r = opened();
    char *text = malloc(20000);
    assert_non_null(text);
    memset(text, 'x', 20000);
    agent = span_make(text, 20000);
    uint64_t kept = counter_read(COUNTER_records);
    for (uint32_t i = 0; i < 1000; i++)
        add(r, shop, 1);
    kept = counter_read(COUNTER_records) - kept;
    agent = SPAN_NONE;
    free(text); /* it was copied */
    assert_in_range(kept, (4u << 20) / 8400, (4u << 20) / 8192 + 1);
    engine_records_deliver(r);
    assert_int_equal(of_shop.rows, kept);
    assert_int_equal(of_shop.longest, 8191);
    assert_false(of_shop.wrong);
    engine_records_close(&r);
}

enum { ADDERS = 4, EACH = 20000 };

static void *adder(void *arg)
{
    for (uint32_t i = 0; i < EACH; i++)
        add(arg, i % 2 ? shop : other, 1);
    return NULL;
}

static void test_kept_or_counted(void **state)
{
    (void)state;
    with_valves(true);
    struct records *r = opened();
    struct thread threads[ADDERS] = {{.started = false}};
    uint64_t lost = counter_read(COUNTER_records_lost), kept = counter_read(COUNTER_records);
    for (uint32_t i = 0; i < ADDERS; i++)
        assert_true(thread_start(&threads[i], "adder", adder, r));
    for (uint32_t i = 0; i < 2000; i++)
        engine_records_deliver(r);
    for (uint32_t i = 0; i < ADDERS; i++)
        thread_join(&threads[i]);
    engine_records_deliver(r);
    lost = counter_read(COUNTER_records_lost) - lost;
    kept = counter_read(COUNTER_records) - kept;
    assert_int_equal(lost + kept, ADDERS * EACH);
    assert_int_equal(of_engine.rows, kept);
    assert_true(of_shop.rows <= kept);
    assert_false(of_engine.wrong || of_shop.wrong);
    engine_records_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_no_valve_no_memory, setup, teardown),
        cmocka_unit_test_setup_teardown(test_each_gets_its_own, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nobody_wants_it, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rows_are_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(test_text_is_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(test_kept_or_counted, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
