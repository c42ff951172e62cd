/* SPDX-License-Identifier: Apache-2.0
 * /examples/download: one of the webapp's own files, this one, to be saved. Shows cs_res_send_file, which
 * copies nothing where the connection allows it, and last_modified, by which a client that has the file
 * already gets 304 and no file. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include "examples.h"

/* -1: there is none, for example because the webapp is a single .so. */
static int open_file(cs_request *req, struct stat *st)
{
    char path[1024];
    cs_str folder = cs_ctx_get(cs_req_ctx(req), CS_CTX_FOLDER);
    if (!folder.ptr)
        return -1;
    int n = snprintf(path, sizeof(path), "%s/download.c", folder.ptr);
    int fd = n < (int)sizeof(path) ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd >= 0 && fstat(fd, st) != 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

int64_t download_modified(cs_request *req)
{
    struct stat st;
    int fd = open_file(req, &st);
    if (fd < 0)
        return -1;
    close(fd);
    return st.st_mtime;
}

int download_get(cs_request *req, cs_response *res)
{
    struct stat st;
    int fd = open_file(req, &st);
    if (fd < 0)
        return cs_res_error(res, 404, "the file is not there");
    int rc = cs_res_content_type(res, "text/plain; charset=utf-8");
    if (rc == CS_OK)
        rc = cs_res_header(res, "Content-Disposition", "attachment; filename=\"download.c\"");
    if (rc == CS_OK)
        return cs_res_send_file(res, fd, 0, st.st_size); /* closes it, whatever happens */
    close(fd);
    return rc;
}
