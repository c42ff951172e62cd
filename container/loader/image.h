/* SPDX-License-Identifier: Apache-2.0
 * A module's file, read once and checked before any of its code runs: what is checked, hashed and copied
 * are the same bytes. Used by deploy, inspect and probe. */
#ifndef LOADER_IMAGE_H
#define LOADER_IMAGE_H
#include <cserv/abi.h>

#include "base/buf.h"
#include "base/err.h"

#define IMAGE_HASH_SIZE 65 /* SHA-256 in hex, with the NUL */

struct image {
    char path[512];
    struct buf bytes;
    char hash[IMAGE_HASH_SIZE];
    struct cs_note note;    /* as found in the file; name and version are terminated */
    struct span attributes; /* in `bytes`: the lines of CS_ATTRIBUTES; "" when there are none */
};

/* Reads FILE and checks its permissions, ELF header, note, dynamic section and symbols. False: ERR is
 * one sentence with file, what, what to do. */
bool image_read(struct image *out, const char *file, struct err *err);
/* False: everybody may write PATH, a file or folder that decides what code runs. KIND: "the folder". */
bool image_check_place(const char *path, const char *kind, struct err *err);
void image_free(struct image *im);
/* SHA-256 of BYTES in hex. */
void image_hash(struct span bytes, char out[IMAGE_HASH_SIZE]);
/* A private copy DIR/NAME.so: new name, new inode, 0600; PATH gets its name. */
bool image_copy(const struct image *im, const char *dir, const char *name, char *path, size_t size,
                struct err *err);

#endif
