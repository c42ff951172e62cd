/* SPDX-License-Identifier: Apache-2.0
 * Parts as webapps see them: the calls of the request handle that find them, and the table of the part
 * handle. On the worker that runs the request. */
#include <errno.h>

#include "engine/parts.h"

static struct part *part_of(cs_part *part)
{
    return CONTAINER_OF(part, struct part, pub);
}

static int from_errno(int error)
{
    switch (error) {
    case 0:
        return CS_OK;
    case ENOENT:
    case ENOTDIR:
        return CS_ENOENT;
    case ENOMEM:
        return CS_ENOMEM;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return CS_ELIMIT;
    case EINVAL:
    case EBADF:
    case ENAMETOOLONG:
        return CS_EINVAL;
    default:
        return CS_EFAIL;
    }
}

/* ---- of the request ---- */

/* Parameters come first: a query's stand before those of the parts. */
static int have_parts(struct call *c, struct parts **out)
{
    *out = NULL;
    if (!call_params(c))
        return CS_EINVAL;
    switch (call_parts(c, out)) {
    case PARTS_OK:
        return CS_OK;
    case PARTS_NOT_CONFIGURED:
    case PARTS_BODY_TAKEN:
        return CS_ESTATE;
    case PARTS_NOT_MULTIPART:
    case PARTS_REFUSED:
        break;
    }
    return CS_EINVAL;
}

int request_part_at(cs_request *req, uint32_t i, cs_part **part)
{
    struct parts *p;
    int rc = have_parts(request_call(req), &p);
    *part = NULL;
    if (rc != CS_OK)
        return rc;
    if (i >= p->n)
        return CS_ENOENT;
    *part = &p->v[i]->pub;
    return CS_OK;
}

int request_part(cs_request *req, cs_str name, uint32_t nth, cs_part **part)
{
    struct parts *p;
    int rc = have_parts(request_call(req), &p);
    *part = NULL;
    for (uint32_t i = 0; rc == CS_OK && i < p->n; i++) {
        if (!span_eq(p->v[i]->name, from_str(name)) || nth-- > 0)
            continue;
        *part = &p->v[i]->pub;
        return CS_OK;
    }
    return rc == CS_OK ? CS_ENOENT : rc;
}

/* ---- of the part ---- */

static cs_str part_get(cs_part *part, uint32_t what)
{
    const struct part *p = part_of(part);
    switch (what) {
    case CS_PART_NAME:
        return to_str(p->name);
    case CS_PART_FILE_NAME:
        return to_str(p->file_name);
    case CS_PART_CONTENT_TYPE:
        return to_str(headers_get(&p->fields, FIELD_CONTENT_TYPE, 0));
    default:
        return (cs_str){NULL, 0};
    }
}

static cs_str part_header(cs_part *part, cs_str name, uint32_t nth)
{
    return to_str(headers_find(&part_of(part)->fields, from_str(name), nth));
}

static int part_header_at(cs_part *part, uint32_t i, cs_str *name, cs_str *value)
{
    const struct headers *h = &part_of(part)->fields;
    if (i >= h->n)
        return CS_ENOENT;
    *name = to_str(h->v[i].name);
    *value = to_str(h->v[i].value);
    return CS_OK;
}

static int64_t part_size(cs_part *part)
{
    return (int64_t)part_of(part)->size;
}

static int64_t part_read_from(cs_part *part, int64_t offset, void *buf, size_t size)
{
    size_t got;
    if (offset < 0 || (!buf && size > 0))
        return CS_EINVAL;
    int error = part_read_at(part_of(part), (uint64_t)offset, buf, size, &got);
    return error ? from_errno(error) : (int64_t)got;
}

static int64_t part_read(cs_part *part, void *buf, size_t size)
{
    struct part *p = part_of(part);
    int64_t n = part_read_from(part, (int64_t)p->read, buf, size);
    if (n > 0)
        p->read += (uint64_t)n;
    return n;
}

static int part_send_to(cs_part *part, int fd)
{
    return from_errno(part_copy_to(part_of(part), fd));
}

static int part_write(cs_part *part, cs_str path)
{
    if (!path.ptr || path.len == 0 || strlen(path.ptr) != path.len)
        return CS_EINVAL;
    return from_errno(part_write_file(part_of(part), path.ptr));
}

static int part_discard(cs_part *part)
{
    part_drop(part_of(part));
    return CS_OK;
}

const struct cs_part_ops part_ops = {
    .size = sizeof(struct cs_part_ops),
    .minor = CS_ABI_MINOR_MAX,
    .get = part_get,
    .header = part_header,
    .header_at = part_header_at,
    .length = part_size,
    .read = part_read,
    .read_at = part_read_from,
    .send_to = part_send_to,
    .write = part_write,
    .discard = part_discard,
};
