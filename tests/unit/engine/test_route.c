/* SPDX-License-Identifier: Apache-2.0
 * Where a request goes: host by exact name, wildcard, alias, default; context by the longest path that
 * ends where a segment ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "base/check.h"
#include "engine/engine.h"
#include "engine/service.h"

static struct engine *engine;
static struct exchange *x;

static struct engine_host *add_host(const char *name)
{
    struct err err = ERR_INIT;
    struct engine_host *h = engine_add_host(engine, name, &err);
    assert_non_null(h);
    return h;
}

static struct context *add_context(struct engine_host *h, const char *path)
{
    struct err err = ERR_INIT;
    struct context *c = engine_add_context(engine, h, path, NULL, &err);
    assert_non_null(c);
    return c;
}

static int setup(void **state)
{
    struct err err = ERR_INIT;
    const struct engine_options options = {.server_name = "cserv/test", .max_parameter_count = 10};
    (void)state;
    engine = engine_new(&options, &err);
    x = exchange_new();
    return engine && x ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    exchange_release(&x);
    engine_destroy(&engine);
    return engine == NULL ? 0 : -1;
}

/* "host path" of the context, "-" for none. */
static const char *goes_to(const char *host, const char *path)
{
    static char text[300];
    struct route r;
    x->req.host = host ? span_of(host) : SPAN_NONE;
    x->req.uri.path = span_of(path);
    engine_route.lookup(engine, 0, x, &r);
    assert_int_equal(r.mode, ROUTE_COLLECT);
    if (!r.context) {
        assert_int_equal(r.queue, 0);
        return "-";
    }
    assert_in_range(r.queue, 1, engine_queue_count(engine) - 1);
    snprintf(text, sizeof(text), "%s %s", context_host(r.context), context_path(r.context));
    assert_string_equal(engine_queue_name(engine, r.queue) + strlen(context_host(r.context)),
                        *context_path(r.context) ? context_path(r.context) : "/");
    return text;
}

static void test_hosts(void **state)
{
    static const struct {
        const char *why, *host, *goes;
    } rows[] = {
        {"exact", "one.example.org", "one.example.org "},
        {"exact in any case", "ONE.Example.Org", "one.example.org "},
        {"exact with the dot of a full name", "one.example.org.", "one.example.org "},
        {"exact comes before wildcard", "www.example.org", "www.example.org "},
        {"wildcard", "any.example.org", "*.example.org "},
        {"wildcard in any case", "Any.EXAMPLE.org", "*.example.org "},
        {"a wildcard stands for one label", "a.b.example.org", "default "},
        {"a wildcard is not the name behind it", "example.org", "default "},
        {"a wildcard alias", "x.alias.net", "one.example.org "},
        {"alias", "alias.net", "one.example.org "},
        {"alias in any case", "Alias.NET", "one.example.org "},
        {"no such host", "example.com", "default "},
        {"a name without dots", "com", "default "},
        {"only a dot", ".", "default "},
        {"no name behind the first dot", "a.", "default "},
        {"no host", NULL, "default "},
        {"an empty host", "", "default "},
        {"an address", "192.0.2.1", "default "},
        {"an IPv6 address", "[2001:db8::1]", "v6 "},
    };
    struct err err = ERR_INIT;
    (void)state;
    struct engine_host *one = add_host("one.example.org"), *fallback = add_host("default"),
                       *v6 = add_host("v6");
    add_context(one, "");
    add_context(add_host("*.example.org"), "");
    add_context(add_host("www.example.org"), "");
    add_context(fallback, "");
    add_context(v6, "");
    assert_true(engine_add_alias(engine, one, "alias.net", &err));
    assert_true(engine_add_alias(engine, one, "*.alias.net", &err));
    assert_true(engine_add_alias(engine, v6, "[2001:db8::1]", &err));
    engine_set_default_host(engine, fallback);
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        const char *got = goes_to(rows[i].host, "/");
        if (strcmp(got, rows[i].goes) != 0) {
            print_error("%s: '%s', not '%s'\n", rows[i].why, got, rows[i].goes);
            fail();
        }
    }
}

static void test_long_host(void **state)
{
    (void)state;
    char name[400];
    struct engine_host *fallback = add_host("default");
    add_context(fallback, "");
    engine_set_default_host(engine, fallback);
    memset(name, 'a', sizeof(name));
    for (size_t n = 250; n < 300; n++) {
        name[n] = '\0';
        assert_string_equal(goes_to(name, "/"), "default ");
        name[n] = 'a';
    }
    memset(name, 'b', 255);
    name[255] = '\0';
    add_context(add_host(name), "");
    assert_string_not_equal(goes_to(name, "/"), "default "); /* the longest that is compared */
}

static void test_no_default(void **state)
{
    (void)state;
    add_context(add_host("one"), "");
    assert_string_equal(goes_to("one", "/"), "one ");
    assert_string_equal(goes_to("two", "/"), "-");
    assert_string_equal(goes_to(NULL, "/"), "-");
}

static void test_contexts(void **state)
{
    static const struct {
        const char *why, *path, *goes;
    } rows[] = {
        {"the context itself", "/shop", "h /shop"},
        {"with a slash", "/shop/", "h /shop"},
        {"below", "/shop/cart/1", "h /shop"},
        {"the longest", "/shop/admin", "h /shop/admin"},
        {"below the longest", "/shop/admin/x", "h /shop/admin"},
        {"at a slash only", "/shopping", "h "},
        {"the longest at a slash only", "/shop/administrator", "h /shop"},
        {"case-sensitive", "/Shop", "h "},
        {"the root last", "/", "h "},
        {"the root last, below", "/a/b/c", "h "},
        {"several levels without the ones between", "/a/b/c/d", "h /a/b/c/d"},
        {"one of the levels between", "/a/b/c", "h "},
    };
    (void)state;
    struct engine_host *h = add_host("h");
    engine_set_default_host(engine, h);
    add_context(h, "/shop");
    add_context(h, "");
    add_context(h, "/shop/admin");
    add_context(h, "/a/b/c/d");
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        const char *got = goes_to("h", rows[i].path);
        if (strcmp(got, rows[i].goes) != 0) {
            print_error("%s: '%s', not '%s'\n", rows[i].why, got, rows[i].goes);
            fail();
        }
    }
}

static void test_no_root(void **state)
{
    (void)state;
    struct engine_host *h = add_host("h");
    engine_set_default_host(engine, h);
    assert_string_equal(goes_to("h", "/"), "-");
    add_context(h, "/shop");
    assert_string_equal(goes_to("h", "/"), "-");
    assert_string_equal(goes_to("h", "/shops"), "-");
    assert_string_equal(goes_to("h", "/shop/x"), "h /shop");
}

static const struct access_logs *logged(const char *host, const char *path)
{
    struct route r;
    x->req.host = span_of(host);
    x->req.uri.path = span_of(path);
    engine_route.lookup(engine, 0, x, &r);
    assert_true(r.found);
    return r.logs;
}

/* Only their addresses matter here. */
static const struct access_logs *list(char *place)
{
    return (const struct access_logs *)(const void *)place;
}

static void test_logs(void **state)
{
    (void)state;
    static char of_engine[64], of_host[64], of_context[64];
    assert_null(engine_route.unrouted_logs(engine));
    engine_set_logs(engine, list(of_engine));
    assert_ptr_equal(engine_route.unrouted_logs(engine), list(of_engine));
    assert_ptr_equal(logged("none", "/"), list(of_engine));
    struct engine_host *a = add_host("a"), *b = add_host("b");
    engine_host_set_logs(b, list(of_host));
    engine_set_default_host(engine, b);
    add_context(a, "/x");
    add_context(b, "/x");
    context_set_logs(add_context(b, "/y"), list(of_context));
    assert_ptr_equal(logged("a", "/"), list(of_engine));
    assert_ptr_equal(logged("a", "/x"), list(of_engine));
    assert_ptr_equal(logged("b", "/"), list(of_host));
    assert_ptr_equal(logged("b", "/x"), list(of_host));
    assert_ptr_equal(logged("b", "/y/z"), list(of_context));
    assert_ptr_equal(engine_route.unrouted_logs(engine), list(of_host));
    assert_false(x->route.found); /* nobody asked for this one */
}

static void test_contexts_belong_to_hosts(void **state)
{
    (void)state;
    struct engine_host *a = add_host("a"), *b = add_host("b");
    add_context(a, "/x");
    add_context(b, "/y");
    assert_string_equal(goes_to("a", "/x"), "a /x");
    assert_string_equal(goes_to("a", "/y"), "-");
    assert_string_equal(goes_to("b", "/y"), "b /y");
}

static void test_twice(void **state)
{
    struct err err = ERR_INIT;
    (void)state;
    struct engine_host *a = add_host("a"), *b = add_host("b");
    assert_null(engine_add_host(engine, "a", &err));
    assert_non_null(strstr(err.what, "a"));
    assert_false(engine_add_alias(engine, b, "a", &err));
    add_context(a, "/x");
    assert_null(engine_add_context(engine, a, "/x", NULL, &err));
    assert_non_null(strstr(err.what, "/x"));
    add_context(b, "/x");
}

static void test_shares(void **state)
{
    struct err err = ERR_INIT;
    (void)state;
    struct engine_host *h = add_host("h");
    struct engine_share few = {
        .max_threads = 3, .max_body_size = 12345, .body_min_rate = 7, .send_min_rate = 0};
    assert_non_null(engine_add_context(engine, h, "", NULL, &err));
    assert_non_null(engine_add_context(engine, h, "/few", &few, &err));
    assert_int_equal(engine_queue_count(engine), 6);
    for (uint32_t q = 0; q < 2; q++) { /* no webapp, and one that says nothing */
        const struct engine_share *s = engine_queue_share(engine, q);
        assert_int_equal(s->max_threads, 0);
        assert_int_equal(s->max_queue_size, 0);
        assert_int_equal(s->max_body_size, -1);
        assert_int_equal(s->body_min_rate, -1);
        assert_false(s->reserved);
    }
    struct route r;
    x->req.host = SPAN_LIT("h");
    x->req.uri.path = SPAN_LIT("/few/x");
    engine_route.lookup(engine, 0, x, &r);
    assert_int_equal(r.body_max, 12345);
    x->req.uri.path = SPAN_LIT("/");
    engine_route.lookup(engine, 0, x, &r);
    assert_true(r.body_max == UINT64_MAX);
    assert_int_equal(engine_queue_share(engine, 2)->max_threads, 3);
    assert_int_equal(engine_queue_share(engine, 2)->body_min_rate, 7);
    assert_int_equal(engine_queue_share(engine, 2)->max_body_size, 12345);
    assert_int_equal(engine_stream_queue(engine, 2), 5);
    assert_int_equal(engine_queue_share(engine, 5)->max_threads, 3);
    assert_true(engine_queue_streams(engine, 5));
    assert_false(engine_queue_streams(engine, 2));
    assert_int_equal(engine_queue_whole(engine, 5), 2);
    assert_int_equal(engine_queue_whole(engine, 3), 0);
    assert_string_equal(engine_queue_name(engine, 2), "h/few");
    assert_string_equal(engine_queue_name(engine, 5), "h/few streaming");
    assert_string_equal(engine_queue_name(engine, 3), "(no webapp) streaming");
}

static void test_slots(void **state)
{
    (void)state;
    uint32_t a = engine_slot_take(engine), b = engine_slot_take(engine);
    assert_int_not_equal(a, b);
    engine_slot_give(engine, a);
    assert_int_equal(engine_slot_take(engine), a); /* the lowest free one */
    engine_slot_give(engine, a);
    engine_slot_give(engine, b);
}

#define ROW(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW(test_hosts),    ROW(test_long_host), ROW(test_no_default),
        ROW(test_contexts), ROW(test_no_root),   ROW(test_contexts_belong_to_hosts),
        ROW(test_twice),    ROW(test_shares),    ROW(test_slots),
        ROW(test_logs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
