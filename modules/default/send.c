/* SPDX-License-Identifier: Apache-2.0
 * GET and HEAD: which file, whether the client has it already, which part of it, and what the answer says
 * of it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "beneath.h"
#include "names.h"
#include "ranges.h"
#include "serve.h"

static cs_str text_of(const char *s)
{
    return cs_str_of(s);
}

static int set(struct ask *a, const char *name, cs_str value)
{
    return cs_res_header_str(a->res, cs_str_of(name), value, CS_HEADER_SET);
}

/* What 200, 206 and 304 say alike (RFC 9110 15.4.5). */
static int set_validators(struct ask *a, const struct file *f)
{
    int rc = set(a, "ETag", text_of(f->entry->etag));
    if (rc == CS_OK && f->varies)
        rc = cs_res_header_str(a->res, text_of("Vary"), text_of("Accept-Encoding"), CS_HEADER_ADD);
    return rc;
}

static int64_t modified_of(const struct file *f)
{
    int64_t modified = f->entry->id.modified_ns / 1000000000;
    return modified > f->now ? f->now : modified; /* never in the future: RFC 9110 8.8.2.1 */
}

/* Not of an error page: what it stands for is not this file. */
static int set_history(struct ask *a, const struct file *f)
{
    const struct entry *e = f->entry;
    bool future = e->id.modified_ns / 1000000000 > f->now;
    int rc = set_validators(a, f);
    if (rc == CS_OK && future)
        rc = cs_res_date(a->res, "Last-Modified", f->now);
    else if (rc == CS_OK && e->modified[0])
        rc = set(a, "Last-Modified", text_of(e->modified));
    if (rc == CS_OK && a->site->settings.accept_ranges)
        rc = set(a, "Accept-Ranges", text_of("bytes"));
    return rc;
}

static int set_description(struct ask *a, const struct file *f)
{
    const struct entry *e = f->entry;
    int rc = a->how == CS_DISPATCH_ERROR ? CS_OK : set_history(a, f);
    if (rc == CS_OK && f->coding)
        rc = set(a, "Content-Encoding", text_of(f->coding));
    if (rc == CS_OK && *e->type)
        rc = set(a, "Content-Type", text_of(e->type));
    return rc;
}

static int send_whole(struct ask *a, struct file *f)
{
    int rc = cs_res_length(a->res, f->entry->id.size);
    if (rc != CS_OK || a->verb == VERB_HEAD)
        return rc;
    return body_write(a, f, 0, f->entry->id.size);
}

static int send_range(struct ask *a, struct file *f, const struct range *r)
{
    char text[80];
    snprintf(text, sizeof(text), "bytes %lld-%lld/%lld", (long long)r->first, (long long)r->last,
             (long long)f->entry->id.size);
    int rc = cs_res_status(a->res, 206);
    if (rc == CS_OK)
        rc = set(a, "Content-Range", text_of(text));
    if (rc == CS_OK)
        rc = cs_res_length(a->res, r->last - r->first + 1);
    return rc == CS_OK ? body_write(a, f, r->first, r->last - r->first + 1) : rc;
}

static int refuse_range(struct ask *a, const struct file *f)
{
    char text[48];
    snprintf(text, sizeof(text), "bytes */%lld", (long long)f->entry->id.size);
    int rc = set(a, "Content-Range", text_of(text));
    return rc == CS_OK ? cs_res_error(a->res, 416, NULL) : rc;
}

static int send_perhaps_partly(struct ask *a, struct file *f, const struct validators *v)
{
    struct ranges ranges;
    int rc = set_description(a, f);
    if (rc != CS_OK)
        return rc;
    /* Other methods have no ranges (RFC 9110 14.2). */
    if (a->verb != VERB_GET || !a->site->settings.accept_ranges ||
        !conditions_allow_range(&a->conditions, v, f->now))
        return send_whole(a, f);
    switch (ranges_parse(a->conditions.range, f->entry->id.size, &ranges)) {
    case RANGES_PARTIAL:
        return ranges.count == 1 ? send_range(a, f, &ranges.rows[0])
                                 : body_multipart(a, f, &ranges);
    case RANGES_UNSATISFIABLE:
        return refuse_range(a, f);
    case RANGES_IGNORED:
        break;
    }
    return send_whole(a, f);
}

static int send_file(struct ask *a, struct file *f)
{
    struct validators v = {text_of(f->entry->etag), modified_of(f)};
    bool reads = a->verb == VERB_GET || a->verb == VERB_HEAD;
    switch (conditions_judge(&a->conditions, &v, reads)) {
    case CONDITIONS_NOT_MODIFIED: {
        int rc = cs_res_status(a->res, 304);
        return rc == CS_OK ? set_validators(a, f) : rc;
    }
    case CONDITIONS_FAILED:
        return serve_error(a, 412);
    case CONDITIONS_PERFORM:
        break;
    }
    return send_perhaps_partly(a, f, &v);
}

/* ---- folders ---- */

/* To the same path with a slash behind; relative to the server, so that it is right behind any proxy. */
static int redirect(struct ask *a)
{
    cs_str context = cs_req_get(a->req, CS_REQ_CONTEXT_PATH);
    cs_str query = cs_req_get(a->req, CS_REQ_QUERY);
    size_t n = path_encode(context, NULL) + path_encode(a->path, NULL) + query.len + 3;
    char *location = cs_req_alloc(a->req, n);
    if (!location)
        return CS_ENOMEM;
    size_t at = path_encode(context, location);
    at += path_encode(a->path, location + at);
    location[at++] = '/';
    if (query.ptr) {
        location[at++] = '?';
        memcpy(location + at, query.ptr, query.len);
    }
    int rc = cs_res_status(a->res, a->site->settings.redirect_status);
    return rc == CS_OK ? cs_res_header(a->res, "Location", location) : rc;
}

/* Opens the folder PATH stands for, with or without a slash behind. */
static int open_folder(struct ask *a, int flags)
{
    cs_str path = a->path;
    int error = -ENOMEM;
    char *relative = cs_req_alloc(a->req, path.len + 1);
    struct root *root = relative ? site_root(a->site, &error) : NULL;
    if (!root)
        return error;
    memcpy(relative, path.ptr + 1, path.len - 1);
    if (path.len > 1 && path.ptr[path.len - 1] == '/')
        relative[path.len - 2] = '\0';
    int fd = beneath_open(root->fd, relative, flags | O_DIRECTORY, NULL);
    root_release(root);
    return fd;
}

static int serve_folder(struct ask *a, bool slash)
{
    bool list = slash && a->site->settings.listings;
    int fd = open_folder(a, list ? O_RDONLY : O_PATH);
    if (fd < 0)
        return serve_error(a, status_of(fd));
    if (list)
        return serve_listing(a, fd);
    close(fd);
    return slash ? serve_error(a, 404) : redirect(a);
}

int serve_get(struct ask *a)
{
    struct file f;
    if (!path_is_served(a->path, a->how != CS_DISPATCH_REQUEST))
        return serve_error(a, 404);
    if (a->path.ptr[a->path.len - 1] == '/')
        return serve_folder(a, true);
    int found = lookup_file(a->site, a->path, a->accept_encoding, &f);
    if (found == LOOKUP_FOLDER)
        return serve_folder(a, false);
    if (found < 0)
        return serve_error(a, status_of(found));
    int rc = found == LOOKUP_NONE_FITS ? serve_error(a, 406) : send_file(a, &f);
    lookup_end(&f);
    return rc;
}
