/* SPDX-License-Identifier: Apache-2.0
 * The tables of attributes that server modules carry in their files, read before a module is loaded: what
 * is refused leaves nothing behind, what is taken has names, types and defaults. */
#include "fuzz.h"

#include "config/valve.h"
#include "observe/log.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    log_set_level(LOG_ROOM_config, LOG_OFF);
    return 0;
}

static void check_class(const struct valve_class *c)
{
    CHECK(c->name[0] != '\0' && c->aliases && config_valve_find(c->name) == c);
    for (size_t i = 0; i < c->count; i++) {
        const struct schema_attribute *a = &c->attributes[i];
        CHECK(a->name && a->name[0] != '\0' && a->min <= a->max);
        CHECK(a->type != SCHEMA_ENUM || (a->choices && a->choices[0]));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span text = span_make((const char *)data, size);
    struct err err = ERR_INIT;
    config_valves_clear();
    bool good = config_valves_add("fuzz", text, &err);
    CHECK(good || (err.what[0] != '\0' && !config_valves()));
    for (const struct valve_class *c = config_valves(); c; c = c->next)
        check_class(c);
    bool some = config_valves() != NULL;
    CHECK(!some || !config_valves_add("again", text, &err)); /* the names are taken */
    return 0;
}
