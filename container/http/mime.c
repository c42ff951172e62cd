/* SPDX-License-Identifier: Apache-2.0
 * See mime.h. */
#include "http/mime.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

struct row {
    char extension[MIME_EXTENSION_MAX + 1];
    const char *type;
};

static const struct row rows[] = {
#define X(extension, type) {extension, type},
#include "http/mime.def"
};

struct span mime_extension(struct span file_name)
{
    size_t slash = span_rfind(file_name, '/');
    struct span last = slash < file_name.n ? span_from(file_name, slash) : file_name;
    size_t dot = span_rfind(last, '.');
    return dot < last.n ? span_from(last, dot + 1) : SPAN_NONE;
}

static int compare(const void *key, const void *row)
{
    return strcmp(key, ((const struct row *)row)->extension);
}

struct span mime_type(struct span extension)
{
    char key[MIME_EXTENSION_MAX + 1];
    if (extension.n == 0 || extension.n > MIME_EXTENSION_MAX)
        return SPAN_NONE;
    for (size_t i = 0; i < extension.n; i++)
        key[i] = ascii_lower(extension.p[i]);
    key[extension.n] = '\0';
    const struct row *found = bsearch(key, rows, ARRAY_COUNT(rows), sizeof(rows[0]), compare);
    bool whole = found && strlen(found->extension) == extension.n; /* no NUL inside */
    return whole ? span_of(found->type) : SPAN_NONE;
}

size_t mime_count(void)
{
    return ARRAY_COUNT(rows);
}

struct span mime_extension_at(size_t i)
{
    return span_of(rows[i].extension);
}
