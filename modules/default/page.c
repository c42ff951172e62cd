/* SPDX-License-Identifier: Apache-2.0
 * See page.h. */
#include "page.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "names.h"

static void flush(struct page *p)
{
    if (p->rc == CS_OK && p->n > 0)
        p->rc = cs_res_write(p->res, p->gathered, p->n);
    p->n = 0;
}

static void put(struct page *p, const char *bytes, size_t n)
{
    while (n > 0) {
        size_t room = sizeof(p->gathered) - p->n, take = n < room ? n : room;
        memcpy(p->gathered + p->n, bytes, take);
        p->n += take;
        bytes += take;
        n -= take;
        if (p->n == sizeof(p->gathered))
            flush(p);
    }
}

void page_puts(struct page *p, const char *html)
{
    put(p, html, strlen(html));
}

void page_text(struct page *p, const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        const char *instead = c == '<'                ? "&lt;"
                              : c == '>'              ? "&gt;"
                              : c == '&'              ? "&amp;"
                              : c == '"'              ? "&quot;"
                              : c == '\''             ? "&#39;"
                              : c < 0x20 || c == 0x7f ? "\xef\xbf\xbd"
                                                      : NULL;
        if (instead)
            page_puts(p, instead);
        else
            put(p, text, 1);
    }
}

void page_url(struct page *p, const char *name)
{
    for (; *name; name++) {
        char encoded[3];
        put(p, encoded, path_encode((cs_str){name, 1}, encoded));
    }
}

void page_printf(struct page *p, const char *format, ...)
{
    char text[256];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (n > 0)
        put(p, text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1);
}

int page_end(struct page *p)
{
    flush(p);
    return p->rc;
}
