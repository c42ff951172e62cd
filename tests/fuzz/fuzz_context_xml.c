/* SPDX-License-Identifier: Apache-2.0
 * META-INF/context.xml of a webapp, over the defaults of an <Engine>. */
#include "fuzz.h"

#include "config/report.h"
#include "config/server.h"
#include "config/valve.h"
#include "observe/log.h"

static const char valves[] = "valve\tremoteip\torg.apache.catalina.valves.RemoteIpValve\n"
                             "attribute\tchangeLocalPort\tbool\t\tfalse\tA switch.\n";
static struct valve_param param = {.name = "changeLocalPort", .value = "true"};
static struct valve_config valve = {.file = "context.xml",
                                    .line = 1,
                                    .class_name = "remoteip",
                                    .name = "remoteip",
                                    .params = &param};
static struct context_config defaults;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    struct err err = ERR_INIT;
    (void)argc, (void)argv;
    log_set_level(LOG_ROOM_config, LOG_OFF);
    CHECK(config_valves_add("fuzz", span_of(valves), &err));
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct context_file file;
    struct err err = ERR_INIT;
    struct config_report report = CONFIG_REPORT_INIT;
    struct engine_config engine = {.line = 1};
    context_config_defaults(&engine, &defaults);
    defaults.valves = &valve;
    if (size > 0 && (data[0] & 1)) /* conf/context.xml was there */
        engine.context_defaults = &defaults;
    const char *path = fuzz_file(span_make((const char *)data, size));
    bool good = context_file_read(&file, path, &engine, "/base", "/home", &report);
    CHECK(good == (report.count == 0) && config_report_end(&report, &err) == good);
    CHECK(good || (err.what[0] != '\0' && err.file[0] != '\0'));
    if (good)
        for (const struct valve_config *v = file.context.valves; v; v = v->next)
            CHECK(v->name && v->line > 0 && valve_value(v, "changeLocalPort"));
    if (good)
        context_file_free(&file);
    return 0;
}
