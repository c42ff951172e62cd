/* SPDX-License-Identifier: Apache-2.0
 * Edits the shipped server.xml for a new base. Called by cmd_makebase.c. */
#include <stdio.h>
#include "cli/template.h"

static const struct span element = {"<Connector", sizeof "<Connector" - 1};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool stands_at(struct span xml, size_t at, struct span what)
{
    return span_starts(span_from(xml, at), what);
}

/* Where the first Connector's attributes begin; xml.n when there is none. */
static size_t find_connector(struct span xml)
{
    size_t at = 0;
    while (at < xml.n) {
        if (stands_at(xml, at, SPAN_LIT("<!--"))) {
            while (at < xml.n && !stands_at(xml, at, SPAN_LIT("-->")))
                at++;
        } else if (stands_at(xml, at, element) && at + element.n < xml.n &&
                   is_blank(xml.p[at + element.n])) {
            return at + element.n;
        }
        at++;
    }
    return xml.n;
}

/* The value of attribute NAME, searched from AT to the end of the tag: *start and *end are its
 * bounds. */
static bool find_value(struct span xml, size_t at, struct span name, size_t *start, size_t *end)
{
    while (at < xml.n && xml.p[at] != '>' && xml.p[at] != '/') {
        if (is_blank(xml.p[at])) {
            at++;
            continue;
        }
        size_t equals = span_find(xml, at, '=');
        size_t quote = equals + 1;
        while (quote < xml.n && is_blank(xml.p[quote]))
            quote++;
        if (quote >= xml.n)
            return false;
        *start = quote + 1;
        *end = span_find(xml, *start, xml.p[quote]);
        size_t name_end = equals;
        while (name_end > at && is_blank(xml.p[name_end - 1]))
            name_end--;
        if (span_eq(span_cut(xml, at, name_end - at), name))
            return *end < xml.n;
        at = *end + 1;
    }
    return false;
}

bool template_set(struct span xml, const char *name, const char *value, struct buf *out,
                  struct err *err)
{
    size_t at = find_connector(xml), start, end;
    if (at == xml.n)
        return err_set(err, "the shipped server.xml has no <Connector>");
    bool ok;
    if (find_value(xml, at, span_of(name), &start, &end))
        ok = buf_append_span(out, span_cut(xml, 0, start)) && buf_append_str(out, value) &&
             buf_append_span(out, span_from(xml, end));
    else
        ok = buf_append_span(out, span_cut(xml, 0, at)) &&
             buf_printf(out, " %s=\"%s\"", name, value) && buf_append_span(out, span_from(xml, at));
    return ok || err_set(err, "out of memory");
}
