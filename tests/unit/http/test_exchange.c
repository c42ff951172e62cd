/* SPDX-License-Identifier: Apache-2.0
 * http/exchange.h: holders, what is left after reset, the collected body, addresses as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "http/exchange.h"

static void count(void *arg)
{
    ++*(int *)arg;
}

static void test_new(void **state)
{
    (void)state;
    struct exchange *x = exchange_new();
    assert_non_null(x);
    assert_int_equal(atomic_load(&x->holders), 1);
    assert_int_equal(x->res.status, 200);
    assert_int_equal(x->res.length, -1);
    assert_int_equal(x->req.content_length, -1);
    assert_null(x->req.host.p);
    assert_null(x->channel);
    exchange_release(&x);
    assert_null(x);
}

static void test_last_holder_cleans_up(void **state)
{
    (void)state;
    int cleaned = 0;
    struct exchange *x = exchange_new(), *other = x;
    assert_true(arena_on_cleanup(&x->arena, count, &cleaned));
    exchange_hold(x);
    exchange_hold(x);
    exchange_release(&x);
    assert_null(x);
    x = other;
    exchange_release(&x);
    assert_int_equal(cleaned, 0);
    assert_int_equal(atomic_load(&other->holders), 1);
    exchange_release(&other);
    assert_int_equal(cleaned, 1);
}

static void test_reset_leaves_nothing(void **state)
{
    (void)state;
    int cleaned = 0;
    struct exchange *x = exchange_new();
    assert_true(arena_on_cleanup(&x->arena, count, &cleaned));
    assert_true(headers_add_copy(&x->req.headers, &x->arena, SPAN_LIT("A"), SPAN_LIT("b")));
    assert_true(headers_add_copy(&x->res.headers, &x->arena, SPAN_LIT("A"), SPAN_LIT("b")));
    assert_true(buf_append_str(&x->req.body, "body") && buf_append_str(&x->res.pending, "pending"));
    x->req.method = METHOD_POST;
    x->req.version = 10;
    x->req.content_length = 4;
    x->req.host = SPAN_LIT("a");
    x->req.port = 80;
    x->req.uri.path = SPAN_LIT("/");
    x->req.peer.family = 4;
    x->res.status = 500;
    x->res.length = 7;
    x->res.written = 7;
    x->res.committed = x->res.ended = x->res.close = x->res.discard = true;
    x->wire = (struct wire){true, true, true, true, true};
    x->route.context = x;
    x->channel_state = x;
    x->keep_alive = true;
    x->body_read = 4;
    x->at.started = x->at.ready = x->at.taken = x->at.committed = x->at.served = 1;
    char *body = x->req.body.mem;
    exchange_reset(x);
    assert_int_equal(cleaned, 1);
    assert_ptr_equal(x->req.body.mem, body); /* small buffers stay */

    struct exchange *fresh = exchange_new();
    buf_free(&x->req.body);
    buf_free(&x->res.pending);
    assert_memory_equal(&x->req, &fresh->req, sizeof(x->req));
    assert_memory_equal(&x->res, &fresh->res, sizeof(x->res));
    assert_memory_equal(&x->wire, &fresh->wire, sizeof(x->wire));
    assert_memory_equal(&x->at, &fresh->at, sizeof(x->at));
    assert_null(x->route.context);
    assert_null(x->channel_state);
    assert_false(x->keep_alive);
    assert_int_equal(x->body_read, 0);
    exchange_release(&fresh);
    exchange_release(&x);
}

static void test_reset_gives_large_buffers_back(void **state)
{
    (void)state;
    struct exchange *x = exchange_new();
    assert_true(buf_reserve(&x->req.body, 100000));
    assert_true(buf_reserve(&x->res.pending, 100000));
    exchange_reset(x);
    assert_int_equal(x->req.body.cap, 0);
    assert_int_equal(x->res.pending.cap, 0);
    exchange_release(&x);
}

static void test_read_body(void **state)
{
    (void)state;
    struct exchange *x = exchange_new();
    char out[16] = "................";
    assert_int_equal(exchange_read_body(x, out, sizeof(out)), 0); /* none */
    assert_true(buf_append_str(&x->req.body, "hello"));
    assert_int_equal(exchange_read_body(x, out, 0), 0);
    assert_int_equal(exchange_read_body(x, out, 2), 2);
    assert_memory_equal(out, "he..", 4);
    assert_int_equal(exchange_read_body(x, out, sizeof(out)), 3);
    assert_memory_equal(out, "llo.", 4);
    assert_int_equal(exchange_read_body(x, out, sizeof(out)), 0);
    assert_int_equal(buf_len(&x->req.body), 5); /* still there for who reads parameters */
    exchange_release(&x);
}

static void test_endpoint_format(void **state)
{
    (void)state;
    char text[46] = "x";
    struct endpoint e = {.family = 0};
    endpoint_format(&e, text, sizeof(text));
    assert_string_equal(text, "");
    e = (struct endpoint){.bytes = {192, 0, 2, 255}, .family = 4};
    endpoint_format(&e, text, sizeof(text));
    assert_string_equal(text, "192.0.2.255");
    e = (struct endpoint){.bytes = {0x20, 0x01, 0x0d, 0xb8, [15] = 1}, .family = 6};
    endpoint_format(&e, text, sizeof(text));
    assert_string_equal(text, "2001:db8::1");
    memset(e.bytes, 0xff, sizeof(e.bytes));
    endpoint_format(&e, text, sizeof(text));
    assert_string_equal(text, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_new),
        cmocka_unit_test(test_last_holder_cleans_up),
        cmocka_unit_test(test_reset_leaves_nothing),
        cmocka_unit_test(test_reset_gives_large_buffers_back),
        cmocka_unit_test(test_read_body),
        cmocka_unit_test(test_endpoint_format),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
