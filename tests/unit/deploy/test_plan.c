/* SPDX-License-Identifier: Apache-2.0
 * What is found in an appBase and under which path: by the public functions, deploy_new and the list. No
 * webapp is started here; bad ones among them are started in test_start below their names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/path.h"
#include "deploy/deploy.h"

static char base[128];
static struct err err;
static struct engine *engine;
static struct deployment *deployment;
static struct buf listed = BUF_EMPTY;
static struct host_config host;
static struct engine_config config;

static int setup(void **state)
{
    const char *tmp = getenv("TMPDIR");
    const struct engine_options options = {.server_name = "cserv/test"};
    (void)state;
    err = ERR_INIT;
    snprintf(base, sizeof(base), "%s/cserv-plan-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    host = (struct host_config){.name = "localhost",
                                .app_base = "webapps",
                                .create_dirs = true,
                                .deploy_on_startup = true,
                                .deploy_xml = true};
    config = (struct engine_config){.name = "E", .default_host = "localhost", .hosts = &host};
    engine = engine_new(&options, &err);
    return engine && mkdtemp(base) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    if (deployment)
        deploy_free(&deployment);
    engine_destroy(&engine);
    buf_free(&listed);
    return path_remove_tree(base, &err) ? 0 : -1;
}

static const char *in_base(const char *name)
{
    static char path[900];
    snprintf(path, sizeof(path), "%s/%s", base, name);
    return path;
}

static void file(const char *name)
{
    char path[600];
    snprintf(path, sizeof(path), "webapps/%s", name);
    assert_true(path_make_dirs(in_base("webapps"), 0700, &err));
    assert_true(path_write_file(in_base(path), SPAN_LIT("no module"), 0600, &err));
}

static void folder(const char *name)
{
    char path[600];
    snprintf(path, sizeof(path), "webapps/%s", name);
    assert_true(path_make_dirs(in_base(path), 0700, &err));
}

static void plan(void)
{
    const struct deploy_options options = {
        .base = base, .server_name = "cserv/test", .engine_config = &config, .engine = engine};
    deployment = deploy_new(&options, &err);
    assert_non_null(deployment);
}

static const char *list(void)
{
    buf_clear(&listed);
    assert_true(deploy_list(deployment, &listed));
    return buf_cstr(&listed);
}

/* The list has a line "PATH:STATE:0:DOCBASE version ..." with NOTE in it. */
static void assert_line(const char *path, const char *state, const char *doc_base, const char *note)
{
    char begin[900];
    int n = snprintf(begin, sizeof(begin), "%s:%s:0:%s/webapps/%s ", path, state, base, doc_base);
    for (const char *line = list(); *line; line += strcspn(line, "\n") + 1) {
        char text[3000];
        snprintf(text, sizeof(text), "%.*s", (int)strcspn(line, "\n"), line);
        if (strncmp(text, begin, (size_t)n) == 0 && strstr(text, note))
            return;
    }
    print_error("no '%s' with '%s' in\n%s", begin, note, list());
    fail();
}

static size_t lines(void)
{
    size_t n = 0;
    for (const char *p = list(); *p; p++)
        n += *p == '\n';
    return n;
}

static void test_names(void **state)
{
    static const struct {
        const char *name, *path;
        bool is_folder;
    } rows[] = {
        {"ROOT.so", "/", false},       {"shop.so", "/shop", false},
        {"a#b.so", "/a/b", false},     {"a#b#c", "/a/b/c", true},
        {"folder", "/folder", true},   {"Shop.so", "/Shop", false},
        {"root.so", "/root", false},   {"with.dot.so", "/with.dot", false},
        {"v##2.so", "/v", false},      {"w#x##10", "/w/x", true},
        {"ROOTS.so", "/ROOTS", false}, {"docs.so", "/docs", false},
        {"f.so.d", "/f.so.d", true},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
        (rows[i].is_folder ? folder : file)(rows[i].name);
    plan();
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
        assert_line(rows[i].path, "new", rows[i].name, "");
    assert_int_equal(lines(), ARRAY_COUNT(rows));
}

static void test_root_versions(void **state)
{
    (void)state;
    folder("ROOT##1");
    file("ROOT##2.so");
    plan();
    assert_line("/", "new", "ROOT##2.so", "");
    assert_line("/", "refused", "ROOT##1", "a newer version of / is there");
}

static void test_versions(void **state)
{
    (void)state;
    file("shop.so");
    file("shop##1.so");
    file("shop##3.so");
    folder("shop##2");
    file("a#b##x.so");
    file("a#b##y.so");
    plan();
    assert_line("/shop", "new", "shop##3.so", "");
    assert_line("/shop", "refused", "shop.so", "only the newest serves");
    assert_line("/shop", "refused", "shop##1.so", "a newer version of /shop");
    assert_line("/shop", "refused", "shop##2", "Remove the one that is not wanted");
    assert_line("/a/b", "new", "a#b##y.so", "");
    assert_line("/a/b", "refused", "a#b##x.so", "a newer version");
    struct deploy_count n = deploy_count(deployment);
    assert_int_equal(n.refused, 4);
    assert_int_equal(n.running, 0);
}

static void test_what_is_no_webapp(void **state)
{
    (void)state;
    file("README");
    file("shop.so.bak");
    file(".hidden.so");
    folder(".git");
    file("so");
    plan();
    assert_int_equal(lines(), 0);
}

static void test_file_and_folder(void **state)
{
    (void)state;
    file("shop.so");
    folder("shop");
    plan();
    assert_line("/shop", "new", "shop", "");
    assert_line("/shop", "refused", "shop.so", "two webapps with the path '/shop'");
}

static void test_long_name(void **state)
{
    char name[260];
    (void)state;
    memset(name, 'n', sizeof(name));
    name[253] = '\0'; /* NAME_MAX is 255: a folder's whole name counts */
    folder(name);
    name[254] = 'n';
    name[253] = 'n';
    name[255] = '\0';
    folder(name);
    file("ok.so");
    plan();
    assert_line("/ok", "new", "ok.so", "");
    assert_non_null(strstr(list(), "is too long for a webapp. Rename it"));
}

static void test_configured(void **state)
{
    struct context_config missing, shop, twice;
    (void)state;
    context_config_defaults(&config, &missing);
    missing.path = "/gone";
    missing.doc_base = "gone.so";
    missing.next = NULL;
    shop = missing;
    shop.path = "/store";
    shop.doc_base = "shop.so";
    shop.next = &missing;
    twice = missing;
    twice.path = "/twice";
    twice.doc_base = "f";
    twice.next = &shop;
    host.contexts = &twice;
    file("shop.so");
    folder("f");
    file("twice.so");
    plan();
    assert_line("/store", "new", "shop.so", "");
    assert_line("/gone", "refused", "gone.so", "cannot find");
    assert_line("/gone", "refused", "gone.so", "docBase is relative to the host's appBase");
    assert_line("/twice", "new", "f", "");
    assert_line("/twice", "refused", "twice.so", "two webapps with the path '/twice'");
    assert_int_equal(lines(), 4); /* shop.so and f are not served once more under their own names */
}

static void test_two_hosts(void **state)
{
    struct host_config other = {
        .name = "other", .app_base = "apps2", .create_dirs = true, .deploy_on_startup = true};
    (void)state;
    host.next = &other;
    file("shop.so");
    assert_true(path_make_dirs(in_base("apps2/shop"), 0700, &err));
    plan();
    assert_line("/shop", "new", "shop.so", "");
    assert_non_null(strstr(list(), "/apps2/shop "));
    assert_int_equal(lines(), 2);
}

static void test_no_app_base(void **state)
{
    (void)state;
    host.app_base = "deep/er/apps";
    plan();
    assert_int_equal(lines(), 0);
    assert_true(path_is_dir(in_base("deep/er/apps")));
}

/* What is no module is refused in a sentence; a folder without one is a webapp of static files. */
static void test_start(void **state)
{
    (void)state;
    file("shop.so");
    folder("empty");
    folder("static/WEB-INF/lib");
    plan();
    deploy_start(deployment);
    assert_line("/shop", "refused", "shop.so", "is not an ELF file");
    assert_line("/empty", "running", "empty", "");
    assert_line("/static", "running", "static", "");
    assert_int_equal(deploy_count(deployment).refused, 1);
    assert_true(deploy_stop(deployment));
}

static void test_epochs(void **state)
{
    (void)state;
    assert_true(path_make_dirs(in_base("work/7"), 0700, &err)); /* of a dead container */
    assert_true(path_write_file(in_base("work/7/1-0-abc.so"), SPAN_LIT("x"), 0600, &err));
    assert_true(path_make_dirs(in_base("work/kept"), 0700, &err));
    plan();
    assert_false(path_exists(in_base("work/7")));
    assert_true(path_is_dir(in_base("work/8")));
    assert_true(path_is_dir(in_base("work/kept")));
    struct deployment *first = deployment;
    struct engine *of_first = engine;
    const struct engine_options options = {.server_name = "cserv/test"};
    assert_non_null(engine = engine_new(&options, &err));
    plan(); /* beside the first: its folder is locked, so it stays */
    assert_true(path_is_dir(in_base("work/8")));
    assert_true(path_is_dir(in_base("work/9")));
    deploy_free(&first);
    engine_destroy(&of_first);
    assert_false(path_exists(in_base("work/8")));
    deploy_free(&deployment);
    assert_false(path_exists(in_base("work/9")));
}

#define ROW(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW(test_names),           ROW(test_root_versions),
        ROW(test_versions),        ROW(test_what_is_no_webapp),
        ROW(test_file_and_folder), ROW(test_long_name),
        ROW(test_configured),      ROW(test_two_hosts),
        ROW(test_no_app_base),     ROW(test_start),
        ROW(test_epochs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
