/* SPDX-License-Identifier: Apache-2.0
 * A folder as a page: what can be asked for in it, sorted, escaped, readable on a small screen. Nothing is
 * shown that would not be served. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "beneath.h"
#include "names.h"
#include "page.h"
#include "serve.h"

#define ROWS_MAX 10000u

struct row {
    char *name;
    bool folder;
    int64_t size, modified;
};
struct order {
    char by; /* N, S, M */
    bool down, folders_first;
};
struct rows {
    struct row *v;
    size_t count, cap;
    bool more; /* than ROWS_MAX */
};

/* ---- what is there ---- */

/* A link is followed as a request would follow it. */
static bool look_at(int folder, const char *name, struct stat *st)
{
    if (fstatat(folder, name, st, AT_SYMLINK_NOFOLLOW) != 0)
        return false;
    if (!S_ISLNK(st->st_mode))
        return S_ISREG(st->st_mode) || S_ISDIR(st->st_mode);
    int fd = beneath_open(folder, name, O_RDONLY, NULL);
    if (fd == -EISDIR)
        fd = beneath_open(folder, name, O_PATH | O_DIRECTORY, NULL);
    bool ok = fd >= 0 && fstat(fd, st) == 0;
    if (fd >= 0)
        close(fd);
    return ok;
}

/* The container refuses URLs that are no UTF-8. */
static bool is_utf8(const char *name)
{
    for (const unsigned char *p = (const unsigned char *)name; *p;) {
        int more = *p < 0x80                 ? 0
                   : *p >= 0xc2 && *p < 0xe0 ? 1
                   : *p >= 0xe0 && *p < 0xf0 ? 2
                   : *p >= 0xf0 && *p < 0xf5 ? 3
                                             : -1;
        if (more < 0)
            return false;
        for (p++; more > 0; more--, p++) {
            if ((*p & 0xc0) != 0x80)
                return false;
        }
    }
    return true;
}

static bool add_row(struct rows *rows, const char *name, const struct stat *st)
{
    if (rows->count == rows->cap) {
        size_t cap = rows->cap ? rows->cap * 2 : 64;
        struct row *v = realloc(rows->v, cap * sizeof(*v));
        if (!v)
            return false;
        rows->v = v;
        rows->cap = cap;
    }
    struct row r = {strdup(name), S_ISDIR(st->st_mode), st->st_size, st->st_mtim.tv_sec};
    if (r.name)
        rows->v[rows->count++] = r;
    return r.name != NULL;
}

static bool read_rows(DIR *dir, struct rows *rows)
{
    struct dirent *d;
    while ((d = readdir(dir))) {
        struct stat st;
        if (!name_is_served(d->d_name, strlen(d->d_name)) || !is_utf8(d->d_name) ||
            strchr(d->d_name, '\\') || !look_at(dirfd(dir), d->d_name, &st))
            continue;
        if (rows->count == ROWS_MAX) {
            rows->more = true;
            return true;
        }
        if (!add_row(rows, d->d_name, &st))
            return false;
    }
    return true;
}

/* ---- their order ---- */

static int compare_names(const struct row *a, const struct row *b)
{
    int c = strcasecmp(a->name, b->name);
    return c ? c : strcmp(a->name, b->name);
}

static int compare(const void *pa, const void *pb, void *arg)
{
    const struct row *a = pa, *b = pb;
    const struct order *o = arg;
    int c = 0;
    if (o->folders_first && a->folder != b->folder)
        return a->folder ? -1 : 1;
    if (o->by == 'S')
        c = (a->size > b->size) - (a->size < b->size);
    else if (o->by == 'M')
        c = (a->modified > b->modified) - (a->modified < b->modified);
    if (c == 0)
        c = compare_names(a, b);
    return o->down ? -c : c;
}

/* "C=S;O=D", as Tomcat and Apache ask. */
static struct order read_order(const struct ask *a)
{
    const struct settings *s = &a->site->settings;
    struct order o = {.by = 'N', .folders_first = s->folders_first};
    cs_str query = cs_req_get(a->req, CS_REQ_QUERY);
    if (!s->sort_listings || !query.ptr)
        return o;
    if (strncmp(query.ptr, "C=", 2) == 0 && strchr("NSM", query.ptr[2]) && query.ptr[2])
        o.by = query.ptr[2];
    o.down = query.len == 7 && strcmp(query.ptr + 3, ";O=D") == 0;
    return o;
}

/* ---- the page ---- */

static void write_column(struct page *p, const struct ask *a, const struct order *o, char by,
                         const char *title)
{
    bool sortable = a->site->settings.sort_listings;
    bool down = o->by == by && !o->down;
    if (sortable)
        page_printf(p, "<th><a href=\"?C=%c;O=%c\">%s</a></th>", by, down ? 'D' : 'A', title);
    else
        page_printf(p, "<th>%s</th>", title);
}

static void write_size(struct page *p, int64_t size)
{
    static const char units[] = "KMGTPE";
    double n = (double)size;
    int unit = -1;
    for (; n >= 1024 && unit < 5; unit++)
        n /= 1024;
    if (unit < 0)
        page_printf(p, "%lld", (long long)size);
    else
        page_printf(p, "%.1f %ciB", n, units[unit]);
}

static void write_row(struct page *p, const struct row *r)
{
    const char *slash = r->folder ? "/" : "";
    time_t t = (time_t)r->modified;
    struct tm m;
    page_puts(p, "<tr><td><a href=\"./"); /* not a scheme, whatever the name */
    page_url(p, r->name);
    page_printf(p, "%s\">", slash);
    page_text(p, r->name);
    page_printf(p, "%s</a></td><td>", slash);
    if (r->folder)
        page_puts(p, "\xe2\x80\x93");
    else
        write_size(p, r->size);
    page_puts(p, "</td><td>");
    if (gmtime_r(&t, &m))
        page_printf(p, "%04d-%02d-%02d %02d:%02d", m.tm_year + 1900, m.tm_mon + 1, m.tm_mday,
                    m.tm_hour, m.tm_min);
    page_puts(p, "</td></tr>\n");
}

static void write_head(struct page *p, const struct ask *a, const struct order *o)
{
    cs_str context = cs_req_get(a->req, CS_REQ_CONTEXT_PATH);
    page_puts(p, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                 "<meta name=\"viewport\" content=\"width=device-width\"><title>Index of ");
    page_text(p, context.ptr ? context.ptr : "");
    page_text(p, a->path.ptr);
    page_puts(p, "</title><style>"
                 "body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;"
                 "padding:0 1rem;color:#1c1e21;background:#fff}"
                 "h1{font-size:1.4rem;overflow-wrap:anywhere}"
                 "table{border-collapse:collapse;width:100%}"
                 "th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #8884}"
                 "td:first-child{overflow-wrap:anywhere}"
                 "td+td,th+th{text-align:right;white-space:nowrap;width:1%;"
                 "font-variant-numeric:tabular-nums}"
                 "tr:hover td{background:#8881}a{color:#0b57d0;text-decoration:none}"
                 "a:hover{text-decoration:underline}footer{color:#777;font-size:.85rem;"
                 "margin-top:1rem}@media(prefers-color-scheme:dark){body{background:#16181d;"
                 "color:#e6e6e6}a{color:#8ab4f8}}</style></head>\n<body><h1>Index of ");
    page_text(p, context.ptr ? context.ptr : "");
    page_text(p, a->path.ptr);
    page_puts(p, "</h1>\n<table><thead><tr>");
    write_column(p, a, o, 'N', "Name");
    write_column(p, a, o, 'S', "Size");
    write_column(p, a, o, 'M', "Modified (UTC)");
    page_puts(p, "</tr></thead><tbody>\n");
    if (a->path.len > 1)
        page_puts(p, "<tr><td><a href=\"../\">../</a></td><td></td><td></td></tr>\n");
}

static void write_foot(struct page *p, const struct ask *a, const struct rows *rows)
{
    page_puts(p, "</tbody></table>\n<footer>");
    page_printf(p, rows->more ? "The first %zu entries; there are more." : "%zu entries.",
                rows->count);
    if (a->site->settings.show_server) {
        page_puts(p, " ");
        page_text(p, cs_ctx_get(a->site->ctx, CS_CTX_SERVER).ptr);
    }
    page_puts(p, "</footer></body></html>\n");
}

static int write_page(struct ask *a, const struct rows *rows, const struct order *o)
{
    struct page p = {.res = a->res};
    p.rc = cs_res_content_type(a->res, "text/html;charset=UTF-8");
    if (p.rc == CS_OK)
        p.rc =
            cs_res_header(a->res, "Content-Security-Policy",
                          "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'");
    if (p.rc != CS_OK || a->verb == VERB_HEAD)
        return p.rc;
    write_head(&p, a, o);
    for (size_t i = 0; i < rows->count; i++)
        write_row(&p, &rows->v[i]);
    write_foot(&p, a, rows);
    return page_end(&p);
}

int serve_listing(struct ask *a, int fd)
{
    struct rows rows = {.v = NULL};
    struct order order = read_order(a);
    DIR *dir = fdopendir(fd);
    if (!dir) {
        close(fd);
        return serve_error(a, 503);
    }
    int rc = CS_ENOMEM;
    if (read_rows(dir, &rows)) {
        if (rows.count > 1)
            qsort_r(rows.v, rows.count, sizeof(*rows.v), compare, &order);
        rc = write_page(a, &rows, &order);
    }
    for (size_t i = 0; i < rows.count; i++)
        free(rows.v[i].name);
    free(rows.v);
    closedir(dir);
    return rc;
}
