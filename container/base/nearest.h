/* SPDX-License-Identifier: Apache-2.0
 * The name that somebody probably meant, among those there are. For messages. */
#ifndef BASE_NEAREST_H
#define BASE_NEAREST_H
#include "base/span.h"

/* Names of this length and longer ones are never near. */
#define NEAREST_NAME_LIMIT 64

struct nearest {
    struct span given;
    size_t distance; /* of the best so far */
};
void nearest_begin(struct nearest *n, struct span given);
/* CANDIDATE is nearer than all before it, and near enough to be meant. Case does not count. */
bool nearest_try(struct nearest *n, struct span candidate);

#endif
