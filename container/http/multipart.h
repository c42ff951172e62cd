/* SPDX-License-Identifier: Apache-2.0
 * Bodies of type multipart/form-data (RFC 7578, RFC 2046 5.1), taken apart as they come: bytes in any
 * pieces go in, parts come out, and the result does not depend on the pieces. Holds no part's content.
 * Called by the engine; bytes come from clients. */
#ifndef HTTP_MULTIPART_H
#define HTTP_MULTIPART_H
#include "base/buf.h"
#include "http/headers.h"

#define MULTIPART_BOUNDARY_MAX 70u /* RFC 2046 5.1.1 */

enum multipart_verdict {
    MULTIPART_OK,
    MULTIPART_MALFORMED,   /* see multipart_why */
    MULTIPART_PARTS,       /* more parts than allowed */
    MULTIPART_HEADER_SIZE, /* the fields of a part are larger than allowed */
    MULTIPART_NO_MEMORY,
    MULTIPART_STOPPED /* the sink did not want more */
};

/* What becomes of the parts, in order: begin, any number of data, end. False: stop. */
struct multipart_sink {
    /* FIELDS and their terminated texts are in the parser's arena. */
    bool (*begin)(void *arg, const struct headers *fields);
    bool (*data)(void *arg, struct span bytes); /* at least one byte */
    bool (*end)(void *arg);
    void *arg;
};

struct multipart {
    struct multipart_sink sink;
    struct arena *arena; /* for fields */
    uint32_t max_parts;
    size_t max_header_size; /* of one part, line ends included */
    enum {
        MULTIPART_PREAMBLE,
        MULTIPART_BEHIND, /* a delimiter: what follows on its line */
        MULTIPART_HEAD,
        MULTIPART_BODY,
        MULTIPART_EPILOGUE
    } state;
    char delimiter[4 + MULTIPART_BOUNDARY_MAX]; /* CR LF "--" boundary */
    size_t delimiter_n;
    size_t matched;  /* bytes of it that the input ended with ... */
    size_t borrowed; /* ... of which so many are no content: the CR LF of an empty line */
    char behind[2];  /* what of the delimiter's line counts: blanks do not */
    size_t behind_n;
    bool padded; /* there were blanks */
    struct buf head;
    uint32_t parts;
    const char *why;
    enum multipart_verdict verdict; /* once it is not OK it stays */
};

/* False: BOUNDARY is empty, too long, or has a byte that no boundary has. multipart_free is harmless then,
 * too. */
bool multipart_init(struct multipart *m, struct span boundary, const struct multipart_sink *sink,
                    struct arena *arena, uint32_t max_parts, size_t max_header_size);
enum multipart_verdict multipart_feed(struct multipart *m, struct span bytes);
/* The body ended: MULTIPART_OK when that is where it may. */
enum multipart_verdict multipart_finish(struct multipart *m);
/* A constant sentence of what is malformed. */
const char *multipart_why(const struct multipart *m);
void multipart_free(struct multipart *m);

#endif
