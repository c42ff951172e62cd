/* SPDX-License-Identifier: Apache-2.0
 * Schemas of state files: see state_file.h. */
#include "base/state_file.h"

#include <inttypes.h>

bool state_file_known(struct span text, const char *name, unsigned known, const char *path,
                      struct err *err)
{
    struct span line, word, number;
    uint64_t schema;
    if (!span_split(&text, '\n', &line) || !span_split(&line, ' ', &word) ||
        !span_eq(word, span_of(name)) || !span_split(&line, ' ', &number) ||
        !span_to_u64(number, UINT64_MAX, &schema) || schema <= known)
        return true;
    err_set(err, "%.400s was written by a newer cserv", path);
    err_why(err, "its schema is %" PRIu64 ", this cserv knows %s up to %u", schema, name, known);
    return err_hint(err, "Serve this base with the newer cserv, or remove that file: what it "
                         "remembers is forgotten then");
}
