/* SPDX-License-Identifier: Apache-2.0
 * The parts of a multipart/form-data request: taken from its body when somebody first asks, small ones kept
 * in memory, the others in one file without a name. Within engine: call_request.c (parameters), call_part.c
 * (the handles). On the worker that runs the request. */
#ifndef ENGINE_PARTS_H
#define ENGINE_PARTS_H
#include "engine/call.h"

struct part {
    cs_part pub; /* the handle module code sees */
    struct parts *parts;
    struct span name, file_name; /* FILE_NAME SPAN_NONE: a form field */
    struct headers fields;
    bool gone;          /* cs_part_discard */
    bool in_file;       /* else in `memory` */
    struct span memory; /* in the exchange's arena */
    uint64_t offset, size;
    uint64_t read; /* by cs_part_read */
};
struct parts { /* in the exchange's arena, which closes fd */
    struct part **v;
    uint32_t n, cap;
    int fd; /* of the content that is in no memory; -1: none */
    uint64_t file_size;
    const char *folder; /* for what cs_part_write makes */
};

enum parts_result {
    PARTS_OK,
    PARTS_NOT_MULTIPART,  /* the body is something else, or there is none */
    PARTS_NOT_CONFIGURED, /* the servlet has no multipart limits */
    PARTS_BODY_TAKEN,     /* cs_req_read was there before */
    PARTS_REFUSED         /* what came is malformed or too much: the answer stands */
};
/* Reads the body unless that was done; *OUT is valid when PARTS_OK. Form fields are appended to the
 * parameters. */
enum parts_result call_parts(struct call *c, struct parts **out);

/* part_file.c. All of them answer 0 or an errno. */
int parts_file_open(struct parts *p);
int parts_file_append(struct parts *p, struct span bytes);
/* Up to SIZE bytes of P's content from OFFSET on into BUF. */
int part_read_at(const struct part *p, uint64_t offset, void *buf, size_t size, size_t *got);
/* The whole content to FD. */
int part_copy_to(const struct part *p, int fd);
/* The same to a file PATH, absolute or in the folder for parts; an old one of that name is replaced. */
int part_write_file(const struct part *p, const char *path);
/* Gives its room on the disk back. */
void part_drop(struct part *p);

extern const struct cs_part_ops part_ops;

#endif
