/* SPDX-License-Identifier: Apache-2.0
 * server.xml to the model: defaults, values, and every error with its place. */
#include "server_fixture.h"

#include <unistd.h>

static void test_smallest(void **state)
{
    (void)state;
    expect_read("<Server>\n<Service>\n<Connector port='0'/>\n" ENGINE "</Service></Server>");
    const struct connector_config *k = config.services->connectors;
    assert_string_equal(config.base, fixture_base);
    assert_int_equal(config.stop_timeout, 30000);
    assert_string_equal(config.services->name, "Catalina");
    assert_null(config.services->next);
    assert_int_equal(config.services->line, 2);
    assert_int_equal(k->line, 3);
    assert_int_equal(k->port, 0);
    assert_string_equal(k->address, "");
    assert_string_equal(k->protocol, "HTTP/1.1");
    assert_int_equal(k->scheme, CONFIG_SCHEME_HTTP);
    assert_false(k->secure);
    assert_string_equal(k->proxy_name, "");
    assert_int_equal(k->proxy_port, 0);
    assert_string_equal(k->executor, "");
    assert_int_equal(k->max_http_request_header_size, 8192);
    assert_int_equal(k->accept_count, 4096);
    assert_int_equal(k->max_connections, 8192);
    assert_int_equal(k->connection_timeout, 20000);
    assert_int_equal(k->keep_alive_timeout, 60000);
    assert_int_equal(k->max_keep_alive_requests, 10000);
    assert_int_equal(k->body_timeout, 20000);
    assert_int_equal(k->send_timeout, 20000);
    assert_int_equal(k->body_min_rate, 240);
    assert_int_equal(k->send_min_rate, 240);
    assert_int_equal(k->rate_window, 10000);
    assert_int_equal(k->max_queue_time, 30000);
    assert_int_equal(k->max_threads, 200);
    assert_int_equal(k->min_spare_threads, 10);
    assert_int_equal(k->threads_max_idle_time, 60000);
    assert_int_equal(k->groups, 0);
    assert_int_equal(k->max_queue_size, 10000);
    assert_int_equal(k->max_uri_size, 8192);
    assert_int_equal(k->max_http_header_size, 8192);
    assert_int_equal(k->max_header_count, 100);
    assert_int_equal(k->max_parameter_count, 1000);
    assert_int_equal(k->max_post_size, 2097152);
    assert_int_equal(k->max_trailer_size, 8192);
    assert_int_equal(k->max_extension_size, 8192);
    assert_int_equal(k->max_swallow_size, 2097152);
    assert_int_equal(k->body_memory, 65536);
    assert_int_equal(k->output_memory, 65536);
    assert_int_equal(k->output_spool, 16777216);
    assert_string_equal(k->relaxed_path_chars, "");
    assert_string_equal(k->relaxed_query_chars, "");
    assert_int_equal(k->encoded_solidus, CONFIG_SOLIDUS_REJECT);
    assert_true(k->reject_suspicious_uris);
    assert_false(k->allow_trace);
    assert_true(k->tcp_no_delay);
    assert_int_equal(k->socket_rx_buf, 0);
    assert_int_equal(k->socket_tx_buf, 0);
    assert_string_equal(k->server, "");
    assert_null(k->next);
    assert_int_equal(config.services->engine.line, 4);
    assert_string_equal(config.services->engine.name, "Catalina");
    assert_string_equal(config.services->engine.hosts->app_base, "webapps");
    server_config_free(&config);
    server_config_free(&config); /* harmless */
    assert_string_equal(fixture_logged(), "");
}

static void test_connector_values(void **state)
{
    (void)state;
    read_connector(
        "address='::1' protocol='org.apache.coyote.http11.Http11Nio2Protocol' acceptCount='1' "
        "maxConnections='2' connectionTimeout='3' keepAliveTimeout='4' maxKeepAliveRequests='5' "
        "bodyTimeout='6' sendTimeout='7' bodyMinRate='23' sendMinRate='24' rateWindow='125' "
        "maxQueueTime='26' maxThreads='18' minSpareThreads='8' "
        "threadsMaxIdleTime='9' groups='10' maxQueueSize='11' maxUriSize='12' "
        "maxHttpHeaderSize='13' maxHeaderCount='14' maxCookieCount='114' maxPartCount='115' "
        "maxPartHeaderSize='116' "
        "allowedTrailerHeaders='a,b' maxParameterCount='15' "
        "maxPostSize='16' "
        "maxTrailerSize='17' maxExtensionSize='18' maxSwallowSize='19' bodyMemory='20' "
        "outputMemory='2048' outputSpool='2049' relaxedPathChars='[]' "
        "relaxedQueryChars='{|}&lt;&quot;' "
        "encodedSolidusHandling='passthrough' rejectSuspiciousURIs='false' allowTrace='true' "
        "tcpNoDelay='false' socket.rxBufSize='21' socket.txBufSize='22' server='mine/1' "
        "scheme='https' secure='true' proxyName='www.Example.org' proxyPort='443' "
        "maxHttpRequestHeaderSize='99'");
    const struct connector_config *k = config.services->connectors;
    assert_string_equal(k->address, "::1");
    assert_string_equal(k->protocol, "HTTP/1.1");
    assert_int_equal(k->scheme, CONFIG_SCHEME_HTTPS);
    assert_true(k->secure);
    assert_string_equal(k->proxy_name, "www.Example.org");
    assert_int_equal(k->proxy_port, 443);
    assert_int_equal(k->max_http_request_header_size, 99);
    assert_int_equal(k->accept_count, 1);
    assert_int_equal(k->max_connections, 2);
    assert_int_equal(k->connection_timeout, 3);
    assert_int_equal(k->keep_alive_timeout, 4);
    assert_int_equal(k->max_keep_alive_requests, 5);
    assert_int_equal(k->body_timeout, 6);
    assert_int_equal(k->send_timeout, 7);
    assert_int_equal(k->body_min_rate, 23);
    assert_int_equal(k->send_min_rate, 24);
    assert_int_equal(k->rate_window, 125);
    assert_int_equal(k->max_queue_time, 26);
    assert_int_equal(k->max_threads, 18);
    assert_int_equal(k->min_spare_threads, 8);
    assert_int_equal(k->threads_max_idle_time, 9);
    assert_int_equal(k->groups, 10);
    assert_int_equal(k->max_queue_size, 11);
    assert_int_equal(k->max_uri_size, 12);
    assert_int_equal(k->max_http_header_size, 13);
    assert_int_equal(k->max_header_count, 14);
    assert_int_equal(k->max_cookie_count, 114);
    assert_int_equal(k->max_part_count, 115);
    assert_int_equal(k->max_part_header_size, 116);
    assert_string_equal(k->allowed_trailer_headers, "a,b");
    assert_int_equal(k->max_parameter_count, 15);
    assert_int_equal(k->max_post_size, 16);
    assert_int_equal(k->max_trailer_size, 17);
    assert_int_equal(k->max_extension_size, 18);
    assert_int_equal(k->max_swallow_size, 19);
    assert_int_equal(k->body_memory, 20);
    assert_int_equal(k->output_memory, 2048);
    assert_int_equal(k->output_spool, 2049);
    assert_string_equal(k->relaxed_path_chars, "[]");
    assert_string_equal(k->relaxed_query_chars, "{|}<\"");
    assert_int_equal(k->encoded_solidus, CONFIG_SOLIDUS_PASSTHROUGH);
    assert_false(k->reject_suspicious_uris);
    assert_true(k->allow_trace);
    assert_false(k->tcp_no_delay);
    assert_int_equal(k->socket_rx_buf, 21);
    assert_int_equal(k->socket_tx_buf, 22);
    assert_string_equal(k->server, "mine/1");
    server_config_free(&config);
    assert_string_equal(fixture_logged(), "");
}

static void test_connector_brought_into_form(void **state)
{
    (void)state;
    read_connector("maxThreads='5' keepAliveTimeout='0' maxKeepAliveRequests='0' "
                   "address='localhost' encodedSolidusHandling='decode' SSLEnabled='false' "
                   "protocol='org.apache.coyote.http11.Http11NioProtocol'");
    const struct connector_config *k = config.services->connectors;
    assert_int_equal(k->min_spare_threads, 5);
    assert_int_equal(k->keep_alive_timeout, -1);
    assert_int_equal(k->max_keep_alive_requests, -1);
    assert_string_equal(k->address, "127.0.0.1");
    assert_int_equal(k->encoded_solidus, CONFIG_SOLIDUS_DECODE);
    assert_string_equal(k->protocol, "HTTP/1.1");
    server_config_free(&config);
    read_connector("keepAliveTimeout='-1' maxKeepAliveRequests='-1' maxPostSize='-1' "
                   "maxParameterCount='-1' maxSwallowSize='-1' maxHttpHeaderSize='77'");
    assert_int_equal(config.services->connectors->max_http_request_header_size, 77);
    assert_int_equal(config.services->connectors->max_post_size, -1);
    assert_int_equal(config.services->connectors->keep_alive_timeout, -1);
    assert_int_equal(config.services->connectors->max_keep_alive_requests, -1);
    server_config_free(&config);
}

static void test_connector_failures(void **state)
{
    (void)state;
    connector_failure("", "<Connector> has no attribute 'port'");
    connector_failure("port='65536'", "expected a whole number from 0 to 65535");
    connector_failure("port='-1'", "expected a whole number from 0 to 65535");
    connector_failure("port='http'", "<Connector> port=\"http\"");
    connector_failure("port='1' connectionTimeout='-1'", "from 1 to 2147483647, in ms");
    connector_failure("port='1' keepAliveTimeout='-2'", "from -1 to");
    connector_failure("port='1' maxThreads='0'", "from 1 to 10000");
    connector_failure("port='1' allowTrace='1'", "expected true or false");
    connector_failure("port='1' encodedSolidusHandling='pass'", "reject, decode, passthrough");
    connector_failure("port='1' protocol='AJP/1.3'", "protocol=\"AJP/1.3\" is not served");
    connector_failure("port='1' protocol='org.apache.coyote.ajp.AjpNioProtocol'", "not served");
    connector_failure("port='1' protocol='HTTP/1.0'", "did you mean 'HTTP/1.1'?");
    connector_failure("port='1' address='example.org'", "is not an IP address");
    connector_failure("port='1' address='127.0.0'", "is not an IP address");
    connector_failure("port='1' relaxedPathChars='[ ]'", "expected characters out of");
    connector_failure("port='1' relaxedQueryChars='%'", "relaxedQueryChars");
    connector_failure("port='1' scheme='ftp'", "expected one of: http, https");
    connector_failure("port='1' proxyName='http://x'", "proxyName=\"http://x\" is not a host name");
    connector_failure("port='1' server='a&#13;&#10;X: y'", "a byte that a header cannot have");
    connector_failure("port='1' server='\xc3\xa4'", "a byte that a header cannot have");
    connector_failure("port='1' server='${NOT_SET_ANYWHERE}'", "is not defined");
}

static void test_hosts_and_contexts(void **state)
{
    (void)state;
    expect_read(BEFORE "<Connector port='1'/>"
                       "<Engine name='e' defaultHost='WWW.example.org'>"
                       "<Host name='Shop.Example.ORG' appBase='/srv/${cserv.base}'>"
                       "<Alias> WWW.example.org </Alias>\n<Alias>*.Example.org</Alias>"
                       "<Context path='/'/><Context path='/a/b'/>"
                       "<Context path='/c' docBase='libc.so' hookTimeout='1' stopTimeout='2' "
                       "maxThreads='3' maxQueueSize='4' maxQueueTime='5' maxBodySize='7' "
                       "bodyMinRate='0' sendMinRate='6' reserved='true'/></Host><Host "
                       "name='localhost'/></Engine>" AFTER);
    const struct engine_config *engine = &config.services->engine;
    const struct host_config *host = engine->hosts;
    char expected[128];
    assert_string_equal(host->name, "shop.example.org");
    assert_string_equal(engine->default_host, "shop.example.org"); /* was given by an alias */
    snprintf(expected, sizeof(expected), "/srv/%s", fixture_base);
    assert_string_equal(host->app_base, expected);
    assert_string_equal(host->aliases->name, "www.example.org");
    assert_string_equal(host->aliases->next->name, "*.example.org");
    assert_int_equal(host->aliases->next->line, 4);
    assert_string_equal(host->contexts->path, "");
    assert_string_equal(host->contexts->doc_base, "ROOT");
    assert_string_equal(host->contexts->next->path, "/a/b");
    assert_string_equal(host->contexts->next->doc_base, "a#b");
    const struct context_config *last = host->contexts->next->next;
    assert_string_equal(last->doc_base, "libc.so");
    assert_int_equal(last->hook_timeout, 1);
    assert_int_equal(last->stop_timeout, 2);
    assert_int_equal(last->max_threads_share, 3);
    assert_int_equal(last->max_queue_size, 4);
    assert_int_equal(last->max_queue_time, 5);
    assert_int_equal(last->max_body_size, 7);
    assert_int_equal(last->body_min_rate, 0);
    assert_int_equal(last->send_min_rate, 6);
    assert_true(last->reserved);
    assert_null(last->next);
    assert_string_equal(host->next->name, "localhost");
    server_config_free(&config);
}

static void test_context_defaults(void **state)
{
    struct context_config context;
    (void)state;
    memset(&context, 0x5a, sizeof(context));
    context_config_defaults(&(struct engine_config){.line = 0}, &context);
    assert_int_equal(context.line, 0);
    assert_string_equal(context.path, "");
    assert_string_equal(context.doc_base, "");
    assert_int_equal(context.hook_timeout, 30000);
    assert_int_equal(context.stop_timeout, 10000);
    assert_int_equal(context.max_threads_share, 0);
    assert_int_equal(context.max_queue_size, 0);
    assert_int_equal(context.max_queue_time, 0);
    assert_int_equal(context.max_body_size, -1);
    assert_int_equal(context.body_min_rate, -1);
    assert_int_equal(context.send_min_rate, -1);
    assert_false(context.reserved);
    assert_null(context.next);
}

static void test_host_failures(void **state)
{
    static const char *const names[] = {"",         "a b", "*",  "*.",   "a.*.b",
                                        "http://a", "a/b", ".a", "*..a", "&#228;.org"};
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char inside[128];
        snprintf(inside, sizeof(inside), "<Host name='%s'/>", names[i]);
        engine_failure(inside, 4, "is not a host name");
        snprintf(inside, sizeof(inside), "<Alias>%s</Alias>", names[i]);
        host_failure(inside, "is not a host name");
    }
    engine_failure("<Host/>", 4, "<Host> has no attribute 'name'");
    engine_failure("", 3, "<Engine> has no <Host>");
    engine_failure("<Host name='hh'/>", 3, "defaultHost=\"h\" names no <Host>");
    engine_failure("<Host name='h'/>\n<Host name='H'/>", 5, "host name 'h' is given twice");
    engine_failure("<Host name='h'/>\n<Host name='H'/>", 5, "the first is on line 4");
    engine_failure("<Host name='h'>\n<Alias>H</Alias></Host>", 5, "host name 'h' is given twice");
    engine_failure("<Host name='h'><Alias>a</Alias></Host>\n<Host name='A'/>", 5, "given twice");
    expect_failure(BEFORE "<Engine defaultHost='localhots'>" HOST "</Engine>" AFTER, 3,
                   "did you mean 'localhost'?");
    expect_failure(BEFORE "<Engine defaultHost=''>" HOST "</Engine>" AFTER, 3,
                   "defaultHost=\"\" names no <Host>");
    expect_failure(BEFORE "<Engine>" HOST "</Engine>" AFTER, 3, "has no attribute 'defaultHost'");
}

static void test_context_failures(void **state)
{
    static const char *const paths[] = {"a",    "/a/",   "//a", "/a//b", "/a?b",  "/a#b", "/a%20",
                                        "/a;b", "/a\\b", "/.",  "/a/..", "/../b", "/./b"};
    (void)state;
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        char inside[128];
        snprintf(inside, sizeof(inside), "<Context path='%s'/>", paths[i]);
        host_failure(inside, "is not a context path");
    }
    host_failure("<Context path='/a&#127;'/>", "is not a context path");
    host_failure("<Context path='shop'/>", "did you mean '/shop'?");
    host_failure("<Context/>", "<Context> has no attribute 'path'");
    host_failure("<Context path='/a' hookTimeout='0'/>", "from 1 to");
    host_failure("<Context path='/a'/><Context path='/a'/>", "context path '/a' is given twice");
    host_failure("<Context path=''/><Context path='/'/>", "context path '' is given twice");
}

static void test_structure_failures(void **state)
{
    (void)state;
    expect_failure("\n<Host name='h'/>", 2, "expected <Server>");
    expect_failure("<Server/>", 1, "<Server> has no <Service>");
    expect_failure("<Server>\n<Service/></Server>", 2, "<Service> has no <Engine>");
    expect_failure(BEFORE ENGINE "\n" ENGINE AFTER, 4, "a second <Engine>");
    expect_failure("<Server>\n<Service>\n", 3, "not well-formed XML: no element found");
    expect_failure("<Server stopTimeout='soon'/>", 1, "expected a whole number from 0");
}

static void clash(const char *first, const char *second, bool expected)
{
    char text[LONGEST];
    snprintf(text, sizeof(text),
             "<Server><Service><Connector %s/>" ENGINE "</Service>\n"
             "<Service><Connector %s/>" ENGINE "</Service></Server>",
             first, second);
    if (expected) {
        expect_failure(text, 2, "two <Connector> elements on port 80");
    } else {
        expect_read(text);
        server_config_free(&config);
    }
}

static void test_listeners_of_one_port(void **state)
{
    (void)state;
    clash("port='80'", "port='80'", true);
    clash("port='80'", "port='81'", false);
    clash("port='0'", "port='0'", false);
    clash("port='80'", "port='80' address='127.0.0.1'", true);
    clash("port='80' address='0.0.0.0'", "port='80' address='127.0.0.1'", true);
    clash("port='80' address='::1'", "port='80' address='::'", true);
    clash("port='80' address='::1'", "port='80' address='0:0:0:0:0:0:0:1'", true);
    clash("port='80' address='127.0.0.1'", "port='80' address='localhost'", true);
    clash("port='80' address='127.0.0.1'", "port='80' address='127.0.0.2'", false);
    clash("port='80' address='127.0.0.1'", "port='80' address='::1'", false);
}

static void test_variables(void **state)
{
    (void)state;
    assert_int_equal(setenv("CSERV_TEST_PORT", "8123", 1), 0);
    expect_read(BEFORE "<Connector port='${CSERV_TEST_PORT}' maxThreads='${CSERV_TEST_NONE:-7}' "
                       "server='${catalina.home}|${cserv.home}'/>"
                       "<Engine defaultHost='h'><Host name='h' "
                       "appBase='${catalina.base}|${cserv.base}'/></Engine>" AFTER);
    char expected[256];
    snprintf(expected, sizeof(expected), "%s|%s", fixture_base, fixture_base);
    assert_int_equal(config.services->connectors->port, 8123);
    assert_int_equal(config.services->connectors->max_threads, 7);
    assert_string_equal(config.services->connectors->server, "/opt/cserv|/opt/cserv");
    assert_string_equal(config.services->engine.hosts->app_base, expected);
    server_config_free(&config);
    assert_int_equal(unsetenv("CSERV_TEST_PORT"), 0);
}

static void test_base(void **state)
{
    struct err err = ERR_INIT;
    char here[PATH_MAX];
    (void)state;
    fixture_write("conf/server.xml", BEFORE ENGINE AFTER);
    assert_non_null(getcwd(here, sizeof(here)));
    assert_int_equal(chdir(fixture_base), 0);
    assert_true(server_config_read(&config, ".", "/opt/cserv", &err));
    assert_int_equal(chdir(here), 0);
    assert_string_equal(config.base, fixture_base);
    server_config_free(&config);
    assert_false(server_config_read(&config, "no/such/folder", "/opt/cserv", &err));
    assert_contains(err.what, "no/such/folder");
    assert_false(server_config_read(&config, "/no/such/folder", "/opt/cserv", &err));
    server_config_free(&config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(test_smallest),
        WITH_FIXTURE(test_connector_values),
        WITH_FIXTURE(test_connector_brought_into_form),
        WITH_FIXTURE(test_connector_failures),
        WITH_FIXTURE(test_hosts_and_contexts),
        WITH_FIXTURE(test_context_defaults),
        WITH_FIXTURE(test_host_failures),
        WITH_FIXTURE(test_context_failures),
        WITH_FIXTURE(test_structure_failures),
        WITH_FIXTURE(test_listeners_of_one_port),
        WITH_FIXTURE(test_variables),
        WITH_FIXTURE(test_base),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
