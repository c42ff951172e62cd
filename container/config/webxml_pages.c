/* SPDX-License-Identifier: Apache-2.0
 * mime-mapping and error-page of web.xml. Called by webxml.c. */
#include "config/schema.h"
#include "base/check.h"
#include "config/webxml_priv.h"
#include "observe/log.h"

/* "html" from "HTML"; a dot in front, which people write, is wrong there. */
static bool take_extension(struct webxml_reader *r, const struct xml_node *node,
                           struct webxml_mime *mime)
{
    const char *text = webxml_text(r, node, "extension");
    char *lower = text ? arena_strdup(&r->out->doc.arena, text) : NULL;
    if (!text)
        return false;
    if (!lower)
        return webxml_no_memory(r);
    for (char *p = lower; *p; p++)
        *p = ascii_lower(*p);
    if (lower[0] == '.' || strpbrk(lower, "/*")) {
        err_set(r->err, "<extension> '%.64s' is not valid", text);
        err_why(r->err, "expected one like html, without the dot");
        return webxml_fail(r, node->line);
    }
    mime->extension = lower;
    return true;
}

/* It goes into a header. */
static bool take_type(struct webxml_reader *r, const struct xml_node *node,
                      struct webxml_mime *mime)
{
    const char *text = webxml_text(r, node, "mime-type");
    if (!text)
        return false;
    bool good = strchr(text, '/') && text[0] != '/';
    for (const char *p = text; good && *p; p++)
        good = *p >= ' ' && *p <= '~';
    if (good) {
        mime->type = text;
        return true;
    }
    err_set(r->err, "<mime-type> '%.64s' is not valid", text);
    err_why(r->err, "expected one like text/html");
    return webxml_fail(r, node->line);
}

bool webxml_read_mime(struct webxml_reader *r, const struct xml_node *node,
                      struct webxml_mime ***tail)
{
    struct webxml_mime *mime = arena_zalloc(&r->out->doc.arena, sizeof(*mime)), *first;
    if (!mime)
        return webxml_no_memory(r);
    if (!webxml_children_check(r, &webxml_mime_mapping, node) || !take_extension(r, node, mime) ||
        !take_type(r, node, mime))
        return false;
    first = map_get(r->extensions, span_of(mime->extension));
    if (first) { /* as in Tomcat, which counts on it in files put together by hand */
        LOG(config, LOG_WARN, "%s:%d: <mime-mapping> of '%s' is given twice: the last one counts",
            r->out->doc.file, node->line, mime->extension);
        first->type = mime->type;
        return true;
    }
    if (!map_put(r->extensions, span_of(mime->extension), mime, NULL))
        return webxml_no_memory(r);
    **tail = mime;
    *tail = &mime->next;
    return true;
}

static bool take_code(struct webxml_reader *r, const struct xml_node *node,
                      struct webxml_error_page *page)
{
    const struct xml_node *child = xml_child(node, "error-code");
    uint64_t code = 0;
    if (!child)
        return true;
    if (!span_to_u64(span_of(child->text), 599, &code) || code < 400) {
        err_set(r->err, "<error-code> '%.64s' is not valid", child->text);
        err_why(r->err, "expected a number from 400 to 599");
        return webxml_fail(r, child->line);
    }
    page->code = (unsigned)code;
    return true;
}

static const char *const error_names[] = {
#define ERROR_NAME(name, code) #name,
#include "config/error_names.def"
#undef ERROR_NAME
    NULL};
static const int error_codes[] = {
#define ERROR_NAME(name, code) code,
#include "config/error_names.def"
#undef ERROR_NAME
};

/* Sets *passed for one of Java's, which nothing here can throw. */
static bool take_type_of_error(struct webxml_reader *r, const struct xml_node *node,
                               struct webxml_error_page *page, bool *passed)
{
    const struct xml_node *child = xml_child(node, "exception-type");
    *passed = false;
    if (!child)
        return true;
    for (size_t i = 0; error_names[i]; i++)
        if (strcmp(child->text, error_names[i]) == 0)
            page->cs_code = error_codes[i];
    if (page->cs_code) {
        page->code = 0; /* as in Tomcat, where the type counts of the two */
        return true;
    }
    if (strchr(child->text, '.')) {
        config_known(r->report, node->name, child->name);
        *passed = page->code == 0;
        return true;
    }
    const char *nearest = schema_nearest(child->text, error_names, ARRAY_COUNT(error_names) - 1);
    err_set(r->err, "<exception-type> '%.64s' is not valid", child->text);
    err_why(r->err, "expected the name of a CS_E code of <cserv/abi.h>");
    if (nearest)
        err_hint(r->err, "did you mean %s?", nearest);
    return webxml_fail(r, child->line);
}

static bool take_location(struct webxml_reader *r, const struct xml_node *node,
                          struct webxml_error_page *page)
{
    page->location = webxml_text(r, node, "location");
    if (!page->location)
        return false;
    if (page->location[0] == '/')
        return true;
    err_set(r->err, "<location> '%.128s' is not valid", page->location);
    err_why(r->err, "expected a path below the webapp, with a '/' in front");
    err_hint(r->err, "did you mean '/%.128s'?", page->location);
    return webxml_fail(r, node->line);
}

bool webxml_read_error_page(struct webxml_reader *r, const struct xml_node *node,
                            struct webxml_error_page ***tail)
{
    struct webxml_error_page *page = arena_zalloc(&r->out->doc.arena, sizeof(*page));
    const struct webxml_error_page *first;
    if (!page)
        return webxml_no_memory(r);
    page->file = r->out->doc.file;
    page->line = node->line;
    bool passed;
    if (!webxml_children_check(r, &webxml_error_page_element, node) || !take_code(r, node, page) ||
        !take_type_of_error(r, node, page, &passed) || !take_location(r, node, page))
        return false;
    if (passed)
        return true;
    int number = page->cs_code ? page->cs_code : (int)page->code; /* one negative, one not */
    struct span key = span_make((const char *)&number, sizeof(number));
    if ((first = map_get(r->codes, key))) {
        err_set(r->err, "two <error-page> elements for %s", number ? "one code" : "all codes");
        err_why(r->err, "the first is on line %d", first->line);
        return webxml_fail(r, node->line);
    }
    if (!map_put(r->codes, key, page, NULL))
        return webxml_no_memory(r);
    **tail = page;
    *tail = &page->next;
    return true;
}
