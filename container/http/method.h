/* SPDX-License-Identifier: Apache-2.0
 * Request methods (methods.def). Method names are case-sensitive (RFC 9110 9.1). */
#ifndef HTTP_METHOD_H
#define HTTP_METHOD_H
#include "base/span.h"

enum method {
    METHOD_UNKNOWN,
#define X(name, text) METHOD_##name,
#include "http/methods.def"
#undef X
    METHOD_COUNT
};

enum method method_find(struct span text); /* METHOD_UNKNOWN when not in the table */
struct span method_text(enum method m);    /* "" for METHOD_UNKNOWN */

#endif
