/* SPDX-License-Identifier: Apache-2.0
 * From a path of the webapp to the file that answers it: from memory when the disk still holds the same,
 * else from disk. On the worker that runs the request. */
#ifndef DEFAULT_LOOKUP_H
#define DEFAULT_LOOKUP_H
#include "site.h"

struct file {
    struct entry *entry; /* never NULL once found */
    int fd;              /* of what is not in memory, else -1 */
    const char *coding;  /* Content-Encoding, or NULL */
    bool varies;         /* there are other codings of it */
    int64_t now;         /* seconds since 1970 */
};

/* PATH begins with '/' and is served (names.h). ACCEPT: Accept-Encoding, absent without one. Returns 0;
 * LOOKUP_FOLDER; LOOKUP_NONE_FITS (406; varies is set); or -errno. */
#define LOOKUP_FOLDER    1
#define LOOKUP_NONE_FITS 2
int lookup_file(struct site *s, cs_str path, cs_str accept, struct file *out);
void lookup_end(struct file *f);

/* The status that a failed look at the disk gives: 403, 404, 503, 500. */
uint32_t status_of(int error);

#endif
