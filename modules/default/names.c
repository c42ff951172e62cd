/* SPDX-License-Identifier: Apache-2.0
 * See names.h. */
#include "names.h"

#include <string.h>
#include <strings.h>

/* What some file systems and proxies take for the same name: anything behind ';', ':' or '\', dots and
 * blanks at the end. */
static size_t plain_length(const char *name, size_t n)
{
    size_t length = 0;
    while (length < n && name[length] != ';' && name[length] != ':' && name[length] != '\\')
        length++;
    while (length > 0 && (name[length - 1] == '.' || name[length - 1] == ' '))
        length--;
    return length;
}

static bool is_plain(const char *name, size_t n, const char *text)
{
    return n == strlen(text) && strncasecmp(name, text, n) == 0;
}

/* A page for a Java virtual machine, also where the file system does not tell cases apart. */
static bool is_source(const char *name, size_t n)
{
    n = plain_length(name, n);
    return (n >= 4 && strncasecmp(name + n - 4, ".jsp", 4) == 0) ||
           (n >= 5 && strncasecmp(name + n - 5, ".jspx", 5) == 0);
}

bool name_is_served(const char *name, size_t n)
{
    static const char temporary[] = NAMES_TEMPORARY;
    if (n == 0 || memchr(name, '\0', n))
        return false;
    if (name[0] == '.' && (n == 1 || (n == 2 && name[1] == '.')))
        return false;
    if (n >= sizeof(temporary) - 1 && strncasecmp(name, temporary, sizeof(temporary) - 1) == 0)
        return false;
    if (is_source(name, n))
        return false;
    if ((name[0] | 0x20) != 'w' && (name[0] | 0x20) != 'm') /* nearly every name */
        return true;
    size_t plain = plain_length(name, n);
    return !is_plain(name, plain, "WEB-INF") && !is_plain(name, plain, "META-INF");
}

static bool is_private(const char *name, size_t n)
{
    return is_plain(name, n, "WEB-INF") || is_plain(name, n, "META-INF");
}

bool path_is_served(cs_str path, bool asked_by_webapp)
{
    const char *p = path.ptr, *end = path.ptr + path.len;
    if (path.len == 0 || *p != '/')
        return false;
    for (p++; p < end;) {
        const char *slash = memchr(p, '/', (size_t)(end - p));
        const char *stop = slash ? slash : end;
        size_t n = (size_t)(stop - p);
        if (!name_is_served(p, n) && !(asked_by_webapp && is_private(p, n)))
            return false;
        p = slash ? slash + 1 : end;
    }
    return true;
}

static bool stands_for_itself(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("-._~/", c));
}

size_t path_encode(cs_str s, char *out)
{
    static const char hex[] = "0123456789ABCDEF";
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        bool plain = stands_for_itself(c);
        if (out && plain) {
            out[n] = (char)c;
        } else if (out) {
            out[n] = '%';
            out[n + 1] = hex[c >> 4];
            out[n + 2] = hex[c & 15];
        }
        n += plain ? 1 : 3;
    }
    return n;
}
