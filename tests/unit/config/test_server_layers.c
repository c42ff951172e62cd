/* SPDX-License-Identifier: Apache-2.0
 * What of server.xml goes beyond one element: executors, context.xml below <Context>, every mistake of a
 * run, and the effective configuration printed and read again. */
#include "server_fixture.h"

static void test_executor(void **state)
{
    (void)state;
    expect_read(BEFORE "<Connector port='1' executor='late' maxThreads='7' maxQueueSize='8'/>"
                       "<Connector port='2' maxThreads='7'/>"
                       "<Executor name='late' maxThreads='5' maxIdleTime='100' maxQueueSize='6' "
                       "namePrefix='catalina-exec-'/>"
                       "<Executor name='other'/>" ENGINE AFTER);
    const struct connector_config *k = config.services->connectors;
    const struct executor_config *e = config.services->executors;
    assert_int_equal(k->max_threads, 5);
    assert_int_equal(k->min_spare_threads, 5); /* 25, and never more than maxThreads */
    assert_int_equal(k->threads_max_idle_time, 100);
    assert_int_equal(k->max_queue_size, 6);
    assert_int_equal(k->next->max_threads, 7);
    assert_string_equal(e->next->name, "other");
    assert_int_equal(e->next->max_threads, 200);
    assert_int_equal(e->next->min_spare_threads, 25);
    assert_int_equal(e->next->max_idle_time, 60000);
    assert_int_equal(e->next->max_queue_size, 10000);
    server_config_free(&config);
    expect_failure(BEFORE
                   "<Executor name='pool'/>\n<Connector port='1' executor='pol'/>" ENGINE AFTER,
                   4, "executor=\"pol\" names no <Executor>");
    expect_failure(BEFORE
                   "<Executor name='pool'/>\n<Connector port='1' executor='pol'/>" ENGINE AFTER,
                   4, "did you mean 'pool'?");
    expect_failure(BEFORE "<Executor name='a'/>\n<Executor name='a'/>" ENGINE AFTER, 4,
                   "Executor 'a' is given twice: the first is on line 3");
    expect_failure(BEFORE "<Executor/>" ENGINE AFTER, 3, "<Executor> has no attribute 'name'");
}

struct told {
    struct buf text;
    unsigned count;
};

static void tell(void *arg, const struct err *mistake)
{
    struct told *told = arg;
    char line[4096];
    told->count++;
    assert_true(buf_printf(&told->text, "%s\n", err_text(mistake, line, sizeof(line))));
}

/* Each mistake once, with its line, and none that only follows from another. */
static void test_all_mistakes(void **state)
{
    static const char *const expected[] = {
        "xml:1: <Server> stopTimeout=\"soon\"",
        "xml:3: <Connector> port=\"99999\"",
        "xml:3: <Connector> maxThreads=\"many\"",
        "xml:4: <Connector> address=\"nowhere\"",
        "xml:6: <Connector> executor=\"x\" names no <Executor>",
        "xml:8: '_ _' is not a host name",
        "xml:9: 'a b' is not a host name",
        "xml:10: <Context> path=\"shop\"",
        "xml:11: <Context> has no attribute 'path'",
        "xml:12: <Context> maxThreads=\"-1\"",
        "xml:14: <Valve className=\"org.example.Door\"> is not served yet",
        "xml:6: two <Connector> elements on port 7",
    };
    struct told told = {.text = BUF_EMPTY};
    struct config_report report = {.tell = tell, .arg = &told};
    (void)state;
    fixture_write("conf/server.xml",
                  "<Server stopTimeout='soon'>\n<Service>\n"
                  "<Connector port='99999' maxThreads='many'/>\n"
                  "<Connector port='6' address='nowhere'/>\n<Connector port='7'/>\n"
                  "<Connector port='7' executor='x'/>\n"
                  "<Engine defaultHost='h'>\n<Host name='_ _'>\n<Alias>a b</Alias>\n"
                  "<Context path='shop'/>\n<Context/>\n<Context path='/x' maxThreads='-1'/>\n"
                  "</Host>\n<Valve className='org.example.Door'/></Engine></Service></Server>");
    assert_false(server_config_read_all(&config, fixture_base, "/opt/cserv", &report));
    const char *text = buf_cstr(&told.text);
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
        assert_contains(text, expected[i]);
    if (told.count != sizeof(expected) / sizeof(expected[0]))
        fail_msg("%u mistakes: %s", told.count, text);
    buf_free(&told.text);
}

static void test_context_xml(void **state)
{
    struct err err;
    (void)state;
    fixture_write("conf/context.xml",
                  "<Context maxThreads='4' stopTimeout='9' path='/ignored'>\n"
                  "<WatchedResource>WEB-INF/web.xml</WatchedResource></Context>");
    expect_read(BEFORE "<Engine defaultHost='h'><Host name='h'><Context path='/a'/>"
                       "<Context path='/b' maxThreads='5'/>"
                       "<Context path='/c' override='true'/></Host></Engine>" AFTER);
    const struct engine_config *engine = &config.services->engine;
    const struct context_config *c = engine->hosts->contexts;
    struct context_config found;
    assert_int_equal(c->max_threads_share, 4);
    assert_int_equal(c->stop_timeout, 9);
    assert_string_equal(c->path, "/a");
    assert_int_equal(c->next->max_threads_share, 5);
    assert_int_equal(c->next->stop_timeout, 9);
    assert_int_equal(c->next->next->max_threads_share, 0);
    assert_int_equal(c->next->next->stop_timeout, 10000);
    context_config_defaults(engine, &found);
    assert_int_equal(found.max_threads_share, 4);
    assert_string_equal(found.path, "");

    struct config_report report = CONFIG_REPORT_INIT;
    struct context_file file;
    fixture_write("context.xml", "<Context stopTimeout='${catalina.home}8'/>");
    assert_true(
        context_file_read(&file, fixture_path("context.xml"), engine, fixture_base, "", &report));
    assert_int_equal(file.context.stop_timeout, 8);
    assert_int_equal(file.context.max_threads_share, 4);
    context_file_free(&file);
    fixture_write("context.xml", "<Context stopTimeout='8' override='true'/>");
    assert_true(
        context_file_read(&file, fixture_path("context.xml"), engine, fixture_base, "", &report));
    assert_int_equal(file.context.max_threads_share, 0);
    context_file_free(&file);
    fixture_write("context.xml", "<Context\nstopTimeout='x'/>");
    assert_false(
        context_file_read(&file, fixture_path("context.xml"), engine, fixture_base, "", &report));
    config_report_end(&report, &err);
    assert_err(&err, "context.xml", 1, "stopTimeout=\"x\"");
    server_config_free(&config);
    assert_contains(fixture_logged(), "conf/context.xml: of Tomcat, without a meaning in cserv and "
                                      "passed over: <Context> path, <WatchedResource>\n");
    fixture_write("conf/context.xml", "\n<Kontext/>");
    assert_false(read_text(BEFORE ENGINE AFTER, &err));
    assert_err(&err, "conf/context.xml", 2, "expected <Context>");
}

/* What is printed is read again, and prints the same apart from the comments. */
static void test_print(void **state)
{
    struct buf out = BUF_EMPTY, again = BUF_EMPTY;
    const char *text;
    (void)state;
    assert_int_equal(setenv("CSERV_TEST_TRICK", "${no.such.name} & <", 1), 0);
    fixture_write("conf/context.xml", "<Context stopTimeout='77'/>");
    expect_read(
        "<Server>\n<Listener className='x'/>\n<Service name='s'>\n"
        "<Connector port='1' maxThreads='5' relaxedPathChars='&quot;&lt;' allowTrace='true'/>"
        "\n<Connector port='2' executor='e' server='${CSERV_TEST_TRICK}'/>\n<Executor name='e'/>"
        "<Engine defaultHost='i'>\n<Host name='g'/>\n<Host name='h'><Alias>i</Alias>\n"
        "<Context path='/c'/></Host></Engine></Service></Server>");
    assert_int_equal(unsetenv("CSERV_TEST_TRICK"), 0);
    assert_true(server_config_print(&config, &out));
    server_config_free(&config);
    text = buf_cstr(&out);
    assert_contains(text, "<!-- line 1; default: stopTimeout maxBufferedMemory maxSpool ");
    assert_contains(text,
                    "        stopTimeout=\"30000\"\n        maxBufferedMemory=\"268435456\"\n");
    assert_contains(text, "    <!-- line 3 -->\n    <Service\n            name=\"s\">\n");
    assert_contains(text, "<!-- line 4; default: address protocol ");
    assert_contains(text, "                port=\"1\"\n");
    assert_contains(text, "                minSpareThreads=\"5\"\n"); /* effective */
    assert_contains(text, "relaxedPathChars=\"&#34;&#60;\"\n");
    assert_contains(text, "encodedSolidusHandling=\"reject\"\n");
    assert_contains(text, "<!-- line 5; of its Executor: maxThreads minSpareThreads ");
    assert_contains(text, "server=\"${.:-$}{no.such.name} &#38; &#60;\"");
    assert_contains(text, "defaultHost=\"h\">");
    assert_contains(text, "<!-- line 8 -->\n                <Alias>i</Alias>\n");
    assert_contains(text, "<!-- line 9; of conf/context.xml: stopTimeout; default: docBase ");
    assert_int_equal(count_of(text, "<Host\n"), 2);
    expect_read(text);
    assert_string_equal(config.services->connectors->next->server, "${no.such.name} & <");
    assert_true(server_config_print(&config, &again));
    server_config_free(&config);
    expect_read(buf_cstr(&again));
    buf_clear(&out);
    assert_true(server_config_print(&config, &out));
    server_config_free(&config);
    assert_string_equal(buf_cstr(&again), buf_cstr(&out)); /* the third is as the second */
    buf_free(&out);
    buf_free(&again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(test_executor),
        WITH_FIXTURE(test_all_mistakes),
        WITH_FIXTURE(test_context_xml),
        WITH_FIXTURE(test_print),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
