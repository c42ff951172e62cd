/* SPDX-License-Identifier: Apache-2.0
 * Classes of valves from text, and <Valve> elements checked against them. */
#include "server_fixture.h"

static const char gate[] = "valve\tgate\torg.example.GateValve org.example.Gate\n"
                           "attribute\tallow\tcidrs\t\t127.0.0.0/8, ::1\tWho gets in.\n"
                           "attribute\tstatus\tint\t400..599\t403\tFor the others.\n"
                           "attribute\tmode\ttext\topen|shut\tshut\tWhat it does.\n"
                           "attribute\tloud\tbool\t\tfalse\tWhether it tells.\n"
                           "attribute\tnote\ttext\t\t\tA text.\n"
                           "attribute\tcode.*\ttext\t\t\tA page for each code.\n";

static int setup(void **state)
{
    struct err err = ERR_INIT;
    return fixture_setup(state) == 0 && config_valves_add("gate.so", span_of(gate), &err) ? 0 : -1;
}

static int teardown(void **state)
{
    config_valves_clear();
    return fixture_teardown(state);
}

static void bad_text(const char *text, const char *part)
{
    struct err err = ERR_INIT;
    char message[2048];
    assert_false(config_valves_add("bad.so", span_of(text), &err));
    assert_contains(err_text(&err, message, sizeof(message)), part);
    assert_contains(message, "bad.so");
}

static void test_text(void **state)
{
    struct err err = ERR_INIT;
    (void)state;
    const struct valve_class *c = config_valve_find("org.example.Gate");
    assert_non_null(c);
    assert_ptr_equal(c, config_valve_find("gate"));
    assert_ptr_equal(c, config_valve_find("org.example.GateValve"));
    assert_null(config_valve_find("org.example"));
    assert_int_equal(c->count, 6);
    assert_int_equal(c->attributes[1].min, 400);
    assert_int_equal(c->attributes[1].max, 599);
    bad_text("valve\tx\n", "line 1 is malformed");
    bad_text("attribute\ta\ttext\t\t\tDoc.\n", "an attribute without a valve");
    bad_text("valve\tx\t\nattribute\ta\tnumber\t\t\tDoc.\n", "line 2 is malformed: its type");
    bad_text("valve\tx\t\nattribute\ta\tint\t1-5\t\tDoc.\n", "its range");
    bad_text("valve\tx\t\nattribute\ta\tint\t5..1\t\tDoc.\n", "its range");
    bad_text("valve\tx\t\nattribute\ta\ttext\ta||b\t\tDoc.\n", "its choices");
    bad_text("valve\tx\t\nattribute\ta\tint\t1..5\t6\tDoc.\n", "not a value of its own type");
    bad_text("valve\tx\t\nattribute\ta\ttext\t\t\tD.\nattribute\ta\ttext\t\t\tD.\n", "there twice");
    bad_text("valve\tgate\t\n", "two valves called 'gate'");
    bad_text("valve\tother\ta org.example.Gate\n", "two valves called 'org.example.Gate'");
    /* regression 206: in one text a name was free twice; the second was never found, but took attributes */
    bad_text("valve\tx\t\nvalve\tx\t\n", "two valves called 'x'");
    bad_text("valve\tx\ty z\nvalve\tz\t\n", "two valves called 'z'");
    bad_text("valve\tx\ty\nvalve\tz\ta y\n", "two valves called 'y'");
    bad_text("valve\ttwo words\t\n", "a valve without a name");
    assert_null(config_valve_find("x")); /* nothing of a malformed text */
    assert_true(config_valves_add_own("/", &err));
    assert_true(config_valves_add_own("/", &err));
    assert_non_null(config_valve_find("org.apache.catalina.valves.ErrorReportValve"));
}

static void test_in_engine_host_and_context(void **state)
{
    (void)state;
    fixture_write("conf/context.xml", "<Context><Valve className='gate' note='all'/></Context>");
    expect_read(BEFORE "<Engine defaultHost='h'>"
                       "<Valve className='org.example.Gate' allow='10.0.0.0/8,::1' code.404='a' "
                       "code.5='b' status='404'/>\n"
                       "<Valve className='gate' note='second'/><Host name='h'>"
                       "<Valve className='gate' mode='open' loud='TRUE'/>"
                       "<Context path='/a'><Valve className='gate' note='own'/></Context>"
                       "<Context path='/b' override='true'/></Host></Engine>" AFTER);
    const struct engine_config *engine = &config.services->engine;
    const struct valve_config *v = engine->valves;
    assert_string_equal(v->class_name, "org.example.Gate");
    assert_string_equal(v->name, "gate");
    assert_int_equal(v->line, 3);
    assert_string_equal(valve_value(v, "allow"), "10.0.0.0/8,::1");
    assert_string_equal(valve_value(v, "status"), "404");
    assert_string_equal(valve_value(v, "mode"), "shut");
    assert_string_equal(valve_value(v, "code.404"), "a");
    assert_string_equal(valve_value(v, "code.5"), "b");
    assert_null(valve_value(v, "code.*"));
    assert_null(valve_value(v, "nothing"));
    assert_int_equal(v->next->line, 4);
    assert_string_equal(valve_value(v->next, "note"), "second");
    assert_null(v->next->next);
    assert_string_equal(valve_value(engine->hosts->valves, "mode"), "open");
    const struct context_config *c = engine->hosts->contexts;
    assert_string_equal(valve_value(c->valves, "note"), "all");
    assert_string_equal(valve_value(c->valves->next, "note"), "own");
    assert_null(c->next->valves);
    assert_string_equal(valve_value(engine->context_defaults->valves, "note"), "all");
    assert_null(engine->context_defaults->valves->next);
    server_config_free(&config);
}

static void test_printed(void **state)
{
    struct buf out = BUF_EMPTY;
    (void)state;
    fixture_write("conf/context.xml", "<Context><Valve className='gate' note='all'/></Context>");
    expect_read(BEFORE "<Engine defaultHost='h'><Valve className='gate' code.4='&lt;'/>"
                       "<Host name='h'><Context path='/a'/></Host></Engine>" AFTER);
    assert_true(server_config_print(&config, &out));
    server_config_free(&config);
    const char *text = buf_cstr(&out);
    assert_contains(text, "<!-- line 3; default: allow status mode loud note -->\n");
    assert_contains(text, "className=\"gate\"\n");
    assert_contains(text, "status=\"403\"\n");
    assert_contains(text, "code.4=\"&#60;\"/>\n");
    expect_read(text);
    assert_null(config.services->engine.hosts->contexts->valves->next); /* not twice */
    server_config_free(&config);
    buf_free(&out);
}

static void test_mistakes(void **state)
{
    (void)state;
    engine_failure("<Valve className='gate' status='200'/>", 4, "expected a whole number from 400");
    engine_failure("<Valve className='gate' mode='shtu'/>", 4, "did you mean 'shut'?");
    engine_failure("<Valve className='gate' loud='1'/>", 4, "expected true or false");
    engine_failure("<Valve className='gate' allow='10.0.0.0/33'/>", 4, "expected addresses or net");
    engine_failure("<Valve className='gate' allow='10.0.0'/>", 4, "allow=\"10.0.0\"");
    engine_failure("<Valve className='gate' allow='127.0.0.1,,::1'/>", 4, "expected addresses");
    host_failure("<Valve className='gate' statsu='404'/>", "did you mean 'status'?");
    host_failure("<Valve className='gtae'/>", "did you mean 'gate'?");
    host_failure("<Valve className='org.example.GateValv'/>",
                 "did you mean 'org.example.GateValve'?");
    host_failure("<Valve className='elsewhere.Gate'/>", "this class is not known; it may protect");
    host_failure("<Context path='/a'><Valve className='gate' status='x'/></Context>",
                 "status=\"x\"");
}

static void test_error_report(void **state)
{
    struct err err = ERR_INIT;
    (void)state;
    assert_true(config_valves_add_own("/", &err));
    host_failure("<Valve className='errorreport' errorCode.200='x'/>", "expected errorCode.0, or");
    host_failure("<Valve className='errorreport' errorCode.404=''/>", "errorCode.404 is empty");
    host_failure("<Valve className='errorreport' errorCod.404='x'/>", "has no attribute");
    expect_read(BEFORE "<Engine defaultHost='h'><Host name='h'><Valve className="
                       "'org.apache.catalina.valves.JsonErrorReportValve' errorCode.0='e/all.html' "
                       "errorCode.404='e/404.html' showServerInfo='true'/></Host></Engine>" AFTER);
    const struct valve_config *v = config.services->engine.hosts->valves;
    assert_string_equal(v->name, "errorreport");
    assert_string_equal(valve_value(v, "errorCode.0"), "e/all.html");
    assert_string_equal(valve_value(v, "showReport"), "true");
    assert_string_equal(valve_value(v, "showServerInfo"), "true");
    server_config_free(&config);
}

#define WITH_GATE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_GATE(test_text),         WITH_GATE(test_in_engine_host_and_context),
        WITH_GATE(test_printed),      WITH_GATE(test_mistakes),
        WITH_GATE(test_error_report),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
