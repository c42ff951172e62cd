/* SPDX-License-Identifier: Apache-2.0
 * The first words of every file in which a server keeps state for its successors: "NAME SCHEMA ...". A
 * newer cserv may write what this one would misread, so a newer schema is refused, not guessed at. Used
 * by whoever reads such a file: the journal, the base's run folder. */
#ifndef BASE_STATE_FILE_H
#define BASE_STATE_FILE_H
#include "base/err.h"
#include "base/span.h"

/* TEXT is what stands in the file PATH. False with err: it begins with NAME and a schema above KNOWN.
 * What does not begin so is damaged or foreign, which is the reader's to judge: true. */
bool state_file_known(struct span text, const char *name, unsigned known, const char *path,
                      struct err *err);

#endif
