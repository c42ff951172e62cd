/* SPDX-License-Identifier: Apache-2.0
 * HTML into an answer by pieces: gathered, escaped, with one result at the end. Used by listing.c. */
#ifndef DEFAULT_PAGE_H
#define DEFAULT_PAGE_H
#include <cserv/servlet.h>

struct page {
    cs_response *res;
    int rc; /* the first failure; then nothing more is written */
    size_t n;
    char gathered[4096];
};

void page_puts(struct page *p, const char *html);
void page_text(struct page *p, const char *text); /* escaped */
void page_url(struct page *p, const char *name);  /* percent-encoded */
void page_printf(struct page *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
int page_end(struct page *p); /* the rest; the result of all */

#endif
