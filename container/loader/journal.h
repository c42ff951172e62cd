/* SPDX-License-Identifier: Apache-2.0
 * What a webapp's files were doing when the process last ended: one line per webapp in
 * BASE/work/journal, written before each dangerous phase. A content that ended the process while it was
 * loaded, initialised, started or checked is not tried again until its files change, so that a webapp
 * that crashes in its constructor cannot keep the server down. Used by deploy, on its thread. */
#ifndef LOADER_JOURNAL_H
#define LOADER_JOURNAL_H
#include "base/err.h"
#include "loader/image.h"

enum journal_phase { JOURNAL_LOAD, JOURNAL_INIT, JOURNAL_START, JOURNAL_HEALTH, JOURNAL_PHASES };

struct journal {
    char path[512];
};

enum journal_state {
    JOURNAL_NONE,    /* no line, or an orderly stop */
    JOURNAL_TRYING,  /* the process ended in `phase` of `hash` */
    JOURNAL_SERVING, /* it served `hash` */
    JOURNAL_BAD      /* `hash` is marked: it ended the process in `phase` */
};
struct journal_entry {
    enum journal_state state;
    enum journal_phase phase;
    char hash[IMAGE_HASH_SIZE];
};

/* The journal of one webapp: HOST and NAME (of its file or folder) make the file's name. */
bool journal_open(struct journal *j, const char *base, const char *host, const char *name,
                  struct err *err);
/* Reads the last line; a malformed one counts as none, one of a newer cserv is an error. */
bool journal_read(const struct journal *j, struct journal_entry *out, struct err *err);
bool journal_trying(const struct journal *j, const char *hash, enum journal_phase phase,
                    struct err *err);
bool journal_serving(const struct journal *j, const char *hash, struct err *err);
bool journal_bad(const struct journal *j, const char *hash, enum journal_phase phase,
                 struct err *err);
bool journal_stopped(const struct journal *j, struct err *err);
const char *journal_phase_name(enum journal_phase phase);

#endif
