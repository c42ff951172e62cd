/* SPDX-License-Identifier: Apache-2.0
 * <cserv/part.h>: the parts of multipart/form-data requests, since minor 3. Part of <cserv/servlet.h>, which
 * includes it and whose head says what holds for all calls. */
#ifndef CSERV_PART_H
#define CSERV_PART_H
#include "servlet.h"
#if CS_ABI_MINOR >= 3

CS_C_BEGIN

/* The NTH (from 0) part NAME, into *PART, which is NULL when there is none; it lives as long as the request.
 * The first call takes the whole body (of a servlet with CS_STREAMING: while it comes), and so does the
 * first question for a parameter. A form field is kept in memory, and so is a file of up to 8 KiB or the
 * servlet's file_size_threshold; a larger one is on disk. CS_ENOENT: there is no such part. CS_ESTATE: the
 * servlet has no multipart configuration, or cs_req_read was called before. CS_EINVAL: the body is not
 * multipart/form-data, or it is malformed or larger than the limits; in the last two cases the request is
 * answered 400 or 413 (503 where there is no room for it), as with parameters. */
static inline int cs_req_part_nth(cs_request *req, const char *name, uint32_t nth, cs_part **part)
{
    return req->ops->part(req, cs_str_of(name), nth, part);
}
/* The first part NAME; NULL when there is none, for whatever reason. */
static inline cs_part *cs_req_part(cs_request *req, const char *name)
{
    cs_part *part;
    req->ops->part(req, cs_str_of(name), 0, &part);
    return part;
}
/* The I-th (from 0) part in order, files and form fields. CS_ENOENT past the last; else as above. */
static inline int cs_req_part_at(cs_request *req, uint32_t i, cs_part **part)
{
    return req->ops->part_at(req, i, part);
}

#define CS_PART_NAME 1u
/* As the client sent it: may be empty, or have slashes. Absent for a form field. Never a path to write to. */
#define CS_PART_FILE_NAME    2u
#define CS_PART_CONTENT_TYPE 3u /* absent when the part has none */
/* One text of the part by its CS_PART_ number. Absent for an unknown number. */
static inline cs_str cs_part_get(cs_part *part, uint32_t what)
{
    return part->ops->get(part, what);
}
static inline const char *cs_part_name(cs_part *part)
{
    return cs_str_text(part->ops->get(part, CS_PART_NAME));
}
static inline const char *cs_part_file_name(cs_part *part)
{
    return cs_str_text(part->ops->get(part, CS_PART_FILE_NAME));
}
static inline const char *cs_part_content_type(cs_part *part)
{
    return cs_str_text(part->ops->get(part, CS_PART_CONTENT_TYPE));
}
/* The NTH (from 0) value of a field of the part, any case of NAME; absent when there is none. */
static inline cs_str cs_part_header(cs_part *part, const char *name, uint32_t nth)
{
    return part->ops->header(part, cs_str_of(name), nth);
}
/* The I-th (from 0) field of the part. CS_ENOENT past the last. */
static inline int cs_part_header_at(cs_part *part, uint32_t i, cs_str *name, cs_str *value)
{
    return part->ops->header_at(part, i, name, value);
}
/* Bytes of its content. */
static inline int64_t cs_part_size(cs_part *part)
{
    return part->ops->length(part);
}
/* Up to SIZE bytes of the content, from where the last call ended. Returns how many, 0 at the end, CS_EFAIL
 * when the disk fails, CS_ENOENT after cs_part_discard. */
static inline int64_t cs_part_read(cs_part *part, void *buf, size_t size)
{
    return part->ops->read(part, buf, size);
}
/* The same from OFFSET on, whatever was read before. */
static inline int64_t cs_part_read_at(cs_part *part, int64_t offset, void *buf, size_t size)
{
    return part->ops->read_at(part, offset, buf, size);
}
/* Writes the whole content to the descriptor FD, where that stands. CS_ELIMIT: no room; CS_EINVAL: no
 * descriptor to write to; CS_EFAIL, CS_ENOENT after cs_part_discard. */
static inline int cs_part_send_to(cs_part *part, int fd)
{
    return part->ops->send_to(part, fd);
}
/* Writes the whole content to the file PATH, which is absolute or in the folder of the multipart
 * configuration and then without "..", mode 0600; an old file is replaced when the new one is whole, a
 * symbolic link is refused. When it fails the old one stays and nothing else is left: CS_ENOENT no such folder, CS_ELIMIT no room, CS_EINVAL, CS_EFAIL. */
static inline int cs_part_write(cs_part *part, const char *path)
{
    return part->ops->write(part, cs_str_of(path));
}
/* Gives the memory or room on the disk back before the request ends. */
static inline int cs_part_discard(cs_part *part)
{
    return part->ops->discard(part);
}

CS_C_END
#endif
#endif
