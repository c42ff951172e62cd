/* SPDX-License-Identifier: Apache-2.0
 * A file without a disk, for targets whose reader takes a path: see fuzz.h. */
#include "fuzz.h"

#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

const char *fuzz_file(struct span bytes)
{
    static char path[64];
    static int fd = -1;
    if (fd < 0) {
        fd = memfd_create("fuzz", MFD_CLOEXEC);
        CHECK(fd >= 0 && fchmod(fd, 0600) == 0); /* image.c refuses what everybody may write */
        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    }
    CHECK(ftruncate(fd, 0) == 0);
    CHECK(pwrite(fd, bytes.p, bytes.n, 0) == (ssize_t)bytes.n);
    return path;
}
