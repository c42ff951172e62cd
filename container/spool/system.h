/* SPDX-License-Identifier: Apache-2.0
 * The system calls behind the spool, so that tests can make them short, slow or fail. */
#ifndef SPOOL_SYSTEM_H
#define SPOOL_SYSTEM_H
#include <sys/statvfs.h>
#include <sys/uio.h>

struct spool_system {                     /* results and errno as the calls they are named after */
    int (*open_file)(const char *folder); /* a new unlinked file, 0600, CLOEXEC, read and write */
    ssize_t (*pwritev)(int fd, const struct iovec *iov, int n, off_t offset);
    ssize_t (*preadv)(int fd, const struct iovec *iov, int n, off_t offset);
    int (*statvfs)(const char *folder, struct statvfs *out);
};
extern const struct spool_system spool_system;

#endif
