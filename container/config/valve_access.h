/* SPDX-License-Identifier: Apache-2.0
 * The access logs among the <Valve> elements: from attributes to what the observe room opens. Checked
 * here when the configuration is read, opened by deploy. */
#ifndef CONFIG_VALVE_ACCESS_H
#define CONFIG_VALVE_ACCESS_H
#include "config/valve.h"
#include "observe/access_log.h"

/* Adds the class to the registry. Folders are looked for below BASE when a <Valve> is checked. */
bool config_valve_access_add(const char *base, struct err *err);
bool config_valve_is_access(const struct valve_config *v);
/* The options of V, which is one. Strings live as long as V; BASE: CSERV_BASE. */
struct access_log_options config_valve_access_options(const struct valve_config *v,
                                                      const char *base);

#endif
