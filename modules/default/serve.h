/* SPDX-License-Identifier: Apache-2.0
 * What the files of this module answer requests with. All on the worker that runs the request. */
#ifndef DEFAULT_SERVE_H
#define DEFAULT_SERVE_H
#include "conditions.h"
#include "lookup.h"

enum verb { VERB_GET, VERB_HEAD, VERB_POST, VERB_PUT, VERB_DELETE, VERB_OPTIONS, VERB_OTHER };

struct ask { /* one request, as far as files matter */
    cs_request *req;
    cs_response *res;
    struct site *site;
    enum verb verb;
    uint32_t how; /* CS_DISPATCH_: how the request came here */
    cs_str path;  /* decoded, within the webapp */
    cs_str accept_encoding, content_range;
    struct conditions conditions;
};

/* send.c: GET, HEAD, POST of a file or folder. */
int serve_get(struct ask *a);
/* body.c: the bytes of F from FIRST on, LENGTH of them, into the answer. Once for each F. */
int body_write(struct ask *a, struct file *f, int64_t first, int64_t length);
/* body.c: several ranges of F as multipart/byteranges. The status is set here. */
struct ranges;
int body_multipart(struct ask *a, struct file *f, const struct ranges *ranges);
/* listing.c: the folder FD (taken over) as a page. */
int serve_listing(struct ask *a, int fd);
/* write.c */
int serve_put(struct ask *a);
int serve_delete(struct ask *a);
/* refusal.c: an error page with a sentence that names the path. In an include, which can have none, the caller
 * gets CS_ENOENT with that sentence. */
int serve_error(struct ask *a, uint32_t status);

#endif
