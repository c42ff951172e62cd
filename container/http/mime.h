/* SPDX-License-Identifier: Apache-2.0
 * The media type that a file's name stands for: the container's own list, mime.def. Pure. Webapps have
 * mappings of their own above it (engine/ctx.c). */
#ifndef HTTP_MIME_H
#define HTTP_MIME_H
#include "base/span.h"

#define MIME_EXTENSION_MAX 15u /* bytes; a longer one has no type */

/* What follows the last dot of the last segment; SPAN_NONE without a dot. */
struct span mime_extension(struct span file_name);
/* The type of an extension, in any case ("HTML"); SPAN_NONE when it is not known. A constant. */
struct span mime_type(struct span extension);
size_t mime_count(void);
struct span mime_extension_at(size_t i); /* in ascending order */

#endif
