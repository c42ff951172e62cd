/* SPDX-License-Identifier: Apache-2.0
 * AccessLogValve and JsonAccessLogValve: see valve_access.h. What a pattern may be is known by the room
 * that renders it. */
#include "config/valve_access.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLASS "accesslog"
#define JSON  "org.apache.catalina.valves.JsonAccessLogValve"

/* clang-format off */
#define ATTRIBUTE(name, type, range, fallback, doc) \
    "attribute\t" name "\t" type "\t" range "\t" fallback "\t" doc "\n"

static const char table[] =
    "valve\t" CLASS "\torg.apache.catalina.valves.AccessLogValve " JSON "\n"
    ATTRIBUTE("directory", "text", "", "logs", "Folder of the files; relative to the base.")
    ATTRIBUTE("prefix", "text", "", "access_log", "How the files' names begin.")
    ATTRIBUTE("suffix", "text", "", "", "How they end.")
    ATTRIBUTE("fileDateFormat", "text", "", ".yyyy-MM-dd",
              "The date between them; a new file begins when its text changes.")
    ATTRIBUTE("pattern", "text", "", "common",
              "What a line tells: common, combined, or codes (see below).")
    ATTRIBUTE("encoding", "text", "", "UTF-8", "UTF-8, US-ASCII or ISO-8859-1.")
    ATTRIBUTE("rotatable", "bool", "", "true", "false: one file without a date, never removed.")
    ATTRIBUTE("renameOnRotate", "bool", "", "false",
              "The current file has no date; it gets one when the next begins.")
    ATTRIBUTE("buffered", "bool", "", "true",
              "Lines are on disk within a second; false: each is written at once.")
    ATTRIBUTE("maxDays", "int", "-1..36500", "90", "Days that files are kept; -1: for ever.")
    ATTRIBUTE("requestAttributesEnabled", "bool", "", "false",
              "The client's address is the one that remoteip found.")
    ATTRIBUTE("ipv6Canonical", "bool", "", "false", "IPv6 addresses in their short form.")
    ATTRIBUTE("resolveHosts", "bool", "", "false",
              "Only false: a name server would delay requests.")
    ATTRIBUTE("conditionIf", "text", "", "", "Not served yet: refused.")
    ATTRIBUTE("conditionUnless", "text", "", "", "Not served yet: refused.")
    ATTRIBUTE("condition", "text", "", "", "As conditionUnless.");
/* clang-format on */

bool config_valve_is_access(const struct valve_config *v)
{
    return strcmp(v->name, CLASS) == 0;
}

static bool flag(const struct valve_config *v, const char *name)
{
    return span_ieq(span_of(valve_value(v, name)), SPAN_LIT("true"));
}

static const char *text_or_null(const struct valve_config *v, const char *name)
{
    const char *text = valve_value(v, name);
    return *text ? text : NULL;
}

struct access_log_options config_valve_access_options(const struct valve_config *v,
                                                      const char *base)
{
    struct access_log_options o = ACCESS_LOG_DEFAULTS;
    const char *unless = text_or_null(v, "conditionUnless");
    o.form = span_ends(span_of(v->class_name), SPAN_LIT("JsonAccessLogValve")) ? ACCESS_JSON
                                                                               : ACCESS_TEXT;
    o.base = base;
    o.directory = valve_value(v, "directory");
    o.prefix = valve_value(v, "prefix");
    o.suffix = valve_value(v, "suffix");
    o.file_date_format = valve_value(v, "fileDateFormat");
    o.pattern = valve_value(v, "pattern");
    o.encoding = valve_value(v, "encoding");
    o.condition_if = text_or_null(v, "conditionIf");
    o.condition_unless = unless ? unless : text_or_null(v, "condition");
    o.rotatable = flag(v, "rotatable");
    o.rename_on_rotate = flag(v, "renameOnRotate");
    o.buffered = flag(v, "buffered");
    o.request_attributes_enabled = flag(v, "requestAttributesEnabled");
    o.ipv6_canonical = flag(v, "ipv6Canonical");
    o.resolve_hosts = flag(v, "resolveHosts");
    o.max_days = (int32_t)strtol(valve_value(v, "maxDays"), NULL, 10);
    return o;
}

static char checked_base[PATH_MAX];

static bool check(const struct valve_config *v, struct err *err)
{
    struct access_log_options o = config_valve_access_options(v, checked_base);
    return access_log_check(&o, err);
}

bool config_valve_access_add(const char *base, struct err *err)
{
    if (snprintf(checked_base, sizeof(checked_base), "%s", base) >= (int)sizeof(checked_base))
        return err_set(err, "the path of the base is too long: %.200s...", base);
    if (!config_valves_add("cserv", span_of(table), err))
        return false;
    struct valve_class *c = config_valve_find(CLASS);
    c->doc = "A line per request into a file; JsonAccessLogValve: as JSON objects.";
    c->check = check;
    /* Formats never follow a locale, buffers have their size, a missing file is always made again. */
    c->jvm = "locale maxLogMessageBufferSize checkExists asyncSupported";
    c->later = "enabled=true";
    return true;
}
