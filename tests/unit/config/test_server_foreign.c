/* SPDX-License-Identifier: Apache-2.0
 * server.xml files that were not written for cserv: a stock Tomcat file is served with a WARN for
 * each part without effect, and nothing that protects is ever passed over. And the file shipped. */
#include "server_fixture.h"

/* As Debian's tomcat10 ships it, without its comments. */
static const char stock[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    "<Server port=\"-1\" shutdown=\"SHUTDOWN\">\n"
    "  <Listener className=\"org.apache.catalina.startup.VersionLoggerListener\" />\n"
    "  <Listener className=\"org.apache.catalina.core.AprLifecycleListener\" SSLEngine=\"on\" />\n"
    "  <Listener className=\"org.apache.catalina.core.JreMemoryLeakPreventionListener\" />\n"
    "  <Listener className=\"org.apache.catalina.mbeans.GlobalResourcesLifecycleListener\" />\n"
    "  <Listener className=\"org.apache.catalina.core.ThreadLocalLeakPreventionListener\" />\n"
    "  <GlobalNamingResources>\n"
    "    <Resource name=\"UserDatabase\" auth=\"Container\"\n"
    "              type=\"org.apache.catalina.UserDatabase\"\n"
    "              factory=\"org.apache.catalina.users.MemoryUserDatabaseFactory\"\n"
    "              pathname=\"conf/tomcat-users.xml\" />\n"
    "  </GlobalNamingResources>\n"
    "  <Service name=\"Catalina\">\n"
    "    <Executor name=\"tomcatThreadPool\" namePrefix=\"catalina-exec-\" maxThreads=\"150\"/>\n"
    "    <Connector port=\"8080\" protocol=\"HTTP/1.1\"\n"
    "               connectionTimeout=\"20000\"\n"
    "               redirectPort=\"8443\" URIEncoding=\"UTF-8\" maxThraeds=\"9\" />\n"
    "    <Engine name=\"Catalina\" defaultHost=\"localhost\">\n"
    "      <Realm className=\"org.apache.catalina.realm.LockOutRealm\">\n"
    "        <Realm className=\"org.apache.catalina.realm.UserDatabaseRealm\"\n"
    "               resourceName=\"UserDatabase\"/>\n"
    "      </Realm>\n"
    "      <Host name=\"localhost\"  appBase=\"webapps\"\n"
    "            unpackWARs=\"true\" autoDeploy=\"true\">\n"
    "        <Valve className=\"org.apache.catalina.valves.AccessLogValve\" directory=\"logs\"\n"
    "               prefix=\"localhost_access_log\" suffix=\".txt\"\n"
    "               pattern=\"%h %l %u %t &quot;%r&quot; %s %b\" />\n"
    "        <Hots/>\n"
    "      </Host>\n"
    "    </Engine>\n"
    "  </Service>\n"
    "</Server>\n";

static void test_stock_file(void **state)
{
    static const struct {
        int line;
        const char *part;
    } expected[] = {
        {16, "<Connector> redirectPort=\"8443\" is not served yet"},
        {16,
         "<Connector> has no attribute 'maxThraeds', it is ignored; did you mean 'maxThreads'?"},
        {20, "<Realm className=\"org.apache.catalina.realm.LockOutRealm\"> in <Engine>"},
        {24, "<Host> autoDeploy=\"true\" is not served yet"},
        {26, "<Valve className=\"org.apache.catalina.valves.AccessLogValve\"> in <Host> is not"},
        {29, "<Host> has no element <Hots>, it is ignored"},
    };
    (void)state;
    expect_read(stock);
    assert_int_equal(config.services->connectors->port, 8080);
    assert_string_equal(config.services->engine.default_host, "localhost");
    assert_string_equal(config.services->engine.hosts->name, "localhost");
    server_config_free(&config);
    const char *log = fixture_logged();
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        char part[512];
        snprintf(part, sizeof(part), "conf/server.xml:%d: %s", expected[i].line, expected[i].part);
        assert_contains(log, part);
    }
    assert_contains(log, "conf/server.xml: of Tomcat, without a meaning in cserv and passed over: "
                         "<Server> shutdown, <Listener> VersionLoggerListener, <Listener> "
                         "AprLifecycleListener, <Listener> JreMemoryLeakPreventionListener, "
                         "<Listener> GlobalResourcesLifecycleListener, <Listener> "
                         "ThreadLocalLeakPreventionListener, <GlobalNamingResources>, <Executor> "
                         "namePrefix, <Host> unpackWARs\n");
    assert_int_equal(count_of(log, " INFO "), 1);
    assert_int_equal(count_of(log, "\n"), sizeof(expected) / sizeof(expected[0]) + 1);
    assert_int_equal(count_of(log, " WARN "), sizeof(expected) / sizeof(expected[0]));
}

static void test_protecting_elements(void **state)
{
    static const char *const classes[] = {"org.apache.catalina.valves.RemoteAddrValve",
                                          "org.apache.catalina.valves.RemoteCIDRValve",
                                          "org.apache.catalina.valves.RemoteHostValve",
                                          "org.apache.catalina.valves.rewrite.RewriteValve",
                                          "org.apache.catalina.valves.FilterValve",
                                          "org.apache.catalina.authenticator.BasicAuthenticator",
                                          "org.apache.catalina.authenticator.DigestAuthenticator",
                                          "org.apache.catalina.authenticator.FormAuthenticator",
                                          "org.apache.catalina.authenticator.SSLAuthenticator",
                                          "org.apache.catalina.authenticator.SpnegoAuthenticator",
                                          "org.apache.catalina.authenticator.NonLoginAuthenticator",
                                          "org.example.MyRemoteAddrValve",
                                          "org.example.DoorKeeper",
                                          ""};
    (void)state;
    for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
        char valve[256], inside[512];
        snprintf(valve, sizeof(valve), "<Valve className='%s' allow='127'/>", classes[i]);
        engine_failure(valve, 4, "is not served yet");
        engine_failure(valve, 4, classes[i]);
        host_failure(valve, classes[i]);
        snprintf(inside, sizeof(inside), "<Context path='/a'>%s</Context>", valve);
        host_failure(inside, classes[i]);
        /* inside what is passed over itself */
        snprintf(inside, sizeof(inside), "<Contxt><Deeper>%s</Deeper></Contxt>", valve);
        host_failure(inside, classes[i]);
    }
    host_failure("<Valve/>", "<Valve className=\"\"> is not served yet");
    host_failure("<Vavle className='org.apache.catalina.valves.RemoteAddrValve'/>", "not served");
    expect_failure("<Server>\n<Listener className='org.apache.catalina.security.SecurityListener'/>"
                   "</Server>",
                   2, "SecurityListener\"> is not served yet: it protects");
    connector_failure("port='1' SSLEnabled='true'", "SSLEnabled=\"true\" is not served yet");
    connector_failure("port='1' SSLEnabled='yes'", "SSLEnabled=\"yes\" is not served yet");
    connector_failure("port='1' sslEnabled='true'", "did you mean 'SSLEnabled'?");
    connector_failure("port='1' unixDomainSocketPath='/run/x'", "not served yet");
    engine_failure("<Host name='h' deployIgnore='internal'/>", 4, "deployIgnore=\"internal\"");
    /* regression 242: was told to have no effect */
    host_failure("<Context path='/a' altDDName='/x.xml'/>", "altDDName=\"/x.xml\" is not served");
}

static void test_harmless_valves(void **state)
{
    (void)state;
    expect_read(BEFORE "<Engine defaultHost='h'><Host name='h'>\n"
                       "<Valve className='org.apache.catalina.valves.RemoteIpValve'/>\n"
                       "<Valve className='org.apache.catalina.valves.ErrorReportValve'/>"
                       "<Context path='/a'>\n<Manager/></Context></Host></Engine>" AFTER);
    server_config_free(&config);
    const char *log = fixture_logged();
    assert_contains(log, "conf/server.xml:4: <Valve className=\"org.apache.catalina.valves.Remote");
    assert_contains(log, "conf/server.xml:5: <Valve className=\"org.apache.catalina.valves.Error");
    assert_contains(log, "conf/server.xml:6: <Manager> in <Context> is not served yet");
    assert_contains(log, "<Service> has no <Connector>");
}

/* conf/server.xml of the source tree, found from the name the compiler was given. */
static void test_shipped_file(void **state)
{
    struct buf text = BUF_EMPTY;
    struct err err = ERR_INIT;
    char path[PATH_MAX];
    const char *end = strstr(__FILE__, "tests/unit/config/");
    (void)state;
    assert_non_null(end);
    snprintf(path, sizeof(path), "%.*sconf/server.xml", (int)(end - __FILE__), __FILE__);
    assert_true(path_read_file(path, 1 << 20, &text, &err));
    assert_true(config_valves_add_own(fixture_base, &err));
    expect_read(buf_cstr(&text));
    const struct valve_config *log = config.services->engine.hosts->valves;
    assert_string_equal(log->name, "accesslog");
    assert_string_equal(valve_value(log, "prefix"), "localhost_access_log");
    assert_null(log->next);
    assert_int_equal(config.services->connectors->port, 8080);
    assert_string_equal(config.services->connectors->address, "");
    assert_null(config.services->connectors->next);
    assert_string_equal(config.services->engine.hosts->name, "localhost");
    assert_string_equal(config.services->engine.hosts->app_base, "webapps");
    assert_null(config.services->engine.hosts->contexts);
    server_config_free(&config);
    config_valves_clear();
    buf_free(&text);
    assert_string_equal(fixture_logged(), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(test_stock_file),
        WITH_FIXTURE(test_protecting_elements),
        WITH_FIXTURE(test_harmless_valves),
        WITH_FIXTURE(test_shipped_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
