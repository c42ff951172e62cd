/* SPDX-License-Identifier: Apache-2.0
 * A loaded module: dlopen of the private copy, the described tables checked and copied row by row into
 * this server's sizes. Called on a life-cycle thread, and in the probe's child. */
#ifndef LOADER_MODULE_H
#define LOADER_MODULE_H
#include <cserv/abi.h>

#include "base/arena.h"
#include "base/err.h"

struct module {
    char file[512]; /* the author's file, for messages */
    char name[64], version[32];
    void *handle; /* dlopen's */
    struct arena arena;
    bool server;          /* of CS_MODULE: `host` has its hooks, `descriptor` only invoke */
    cs_module descriptor; /* hooks; its tables are not used: the rows below are */
    cs_server_module host;
    cs_servlet *servlets; /* copies in this server's row size, in order */
    cs_filter *filters;
    cs_listener *listeners;
    cs_valve *valves;
    uint32_t servlet_count, filter_count, listener_count, valve_count;
};

/* MAPPED: the copy to open; FILE: the author's, for messages. False: err, nothing stays loaded. */
bool module_open(struct module *m, const char *mapped, const char *file, struct err *err);
/* The same for a descriptor D that is part of this program, which the test kit describes: NAME stands for
 * the file in messages. */
bool module_adopt(struct module *m, const cs_module *d, const char *name, struct err *err);
/* dlclose (not in sanitizer builds, whose reports need the symbols). */
void module_close(struct module *m);

#endif
