/* SPDX-License-Identifier: Apache-2.0
 * logs/cserv.out: see output.h. */
#include "supervisor/output.h"
#include <errno.h>
#include <limits.h>
#include <unistd.h>
#include "base/path.h"
#include "observe/dated_file.h"

bool output_take(const char *base, struct err *err)
{
    char path[PATH_MAX];
    if (!path_join(path, sizeof path, base, "logs/cserv.out"))
        return err_set(err, "the path of the base is too long: %s", base);
    int fd = append_open(path);
    if (fd < 0)
        return err_sys(err, errno, "cannot write %s", path);
    bool taken = dup2(fd, STDOUT_FILENO) >= 0 && dup2(fd, STDERR_FILENO) >= 0;
    int why = errno;
    close(fd);
    return taken || err_sys(err, why, "cannot let %s take what is printed", path);
}
