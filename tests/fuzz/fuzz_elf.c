/* SPDX-License-Identifier: Apache-2.0
 * A module's file before anything of it is loaded: header, note, dynamic section, symbols. The hash of
 * the module API changes with every change of it, so inputs have "HASH" in its place. */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>

#include "loader/image.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    return 0;
}

static void put_hash(char *p, size_t n)
{
    const uint32_t hash = CS_ABI_HASH;
    for (char *at = memmem(p, n, "HASH", 4); at; at = memmem(p, n, "HASH", 4))
        memcpy(at, &hash, 4);
}

/* Regression 207. The whole sentence is compared: regression 227 has these words in a library's name. */
static bool is_without_libc(const char *what, const char *path)
{
    char wrong[512];
    snprintf(wrong, sizeof(wrong),
             "%s needs the library libc.so.6, which is not in the system's library folders", path);
    return strcmp(what, wrong) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct image im;
    struct err err = ERR_INIT;
    char *bytes = malloc(size + 1);
    CHECK(bytes);
    if (size > 0)
        memcpy(bytes, data, size);
    put_hash(bytes, size);
    const char *path = fuzz_file(span_make(bytes, size));
    if (image_read(&im, path, &err)) {
        CHECK(strlen(im.hash) == IMAGE_HASH_SIZE - 1 && buf_len(&im.bytes) == size);
        CHECK(im.note.abi_hash == CS_ABI_HASH && strlen(im.note.name) < sizeof(im.note.name));
        CHECK(im.note.type == CS_NOTE_TYPE && strlen(im.note.version) < sizeof(im.note.version));
        image_free(&im);
    } else {
        CHECK(strstr(err.what, path) && err.hint[0] != '\0');
        CHECK(!is_without_libc(err.what, path));
    }
    free(bytes);
    return 0;
}
