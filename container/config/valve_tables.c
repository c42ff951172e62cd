/* SPDX-License-Identifier: Apache-2.0
 * The valves that are built in. What a table cannot say of their attributes is checked here. Called by
 * cli before server.xml is read. */
#include "config/valve.h"
#include "config/valve_access.h"

#include <string.h>

#define ATTRIBUTE(name, type, range, fallback, doc) \
    "attribute\t" name "\t" type "\t" range "\t" fallback "\t" doc "\n"

static const char error_report[] =
    "valve\terrorreport\torg.apache.catalina.valves.ErrorReportValve "
    "org.apache.catalina.valves.JsonErrorReportValve\n" ATTRIBUTE(
        "errorCode.*", "text", "", "",
        "errorCode.404 and so on: the page of that status, a file below the base; errorCode.0: "
        "of every status without one.")
        ATTRIBUTE("showReport", "bool", "", "true",
                  "Tells what happened; false: only the status and its name.")
            ATTRIBUTE("showServerInfo", "bool", "", "false", "Names the server below the page.");

static bool check_error_report(const struct valve_config *v, struct err *err)
{
    static const char prefix[] = "errorCode.";
    for (const struct valve_param *p = v->params; p; p = p->next) {
        uint64_t code;
        if (strncmp(p->name, prefix, sizeof(prefix) - 1) != 0)
            continue;
        if (!span_to_u64(span_from(span_of(p->name), sizeof(prefix) - 1), 599, &code) ||
            (code > 0 && code < 400)) {
            err_set(err, "<Valve> '%.64s' is not an attribute", p->name);
            return err_why(err, "expected errorCode.0, or errorCode.400 to errorCode.599");
        }
        if (!p->value[0]) {
            err_set(err, "<Valve> %.64s is empty", p->name);
            return err_why(err, "expected a file below the base");
        }
    }
    return true;
}

bool config_valves_add_own(const char *base, struct err *err)
{
    if (config_valve_find("errorreport"))
        return true;
    if (!config_valve_access_add(base, err) ||
        !config_valves_add("cserv", span_of(error_report), err))
        return false;
    struct valve_class *c = config_valve_find("errorreport");
    c->doc = "How the pages of errors look that no webapp answers itself.";
    c->check = check_error_report;
    return true;
}
