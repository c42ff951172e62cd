/* SPDX-License-Identifier: Apache-2.0
 * session-config and the two character encodings of web.xml. Called by webxml.c. */
#include "base/check.h"
#include "config/schema.h"
#include "config/webxml_priv.h"
#include "observe/log.h"

/* ---- session-config: checked, so that it is right once there are sessions ---- */

static bool not_valid(struct webxml_reader *r, const struct xml_node *node, const char *expected)
{
    err_set(r->err, "<%s> '%.64s' is not valid", node->name, node->text);
    err_why(r->err, "expected %s", expected);
    return webxml_fail(r, node->line);
}

static bool check_number(struct webxml_reader *r, const struct xml_node *parent, const char *name,
                         const char *expected)
{
    const struct xml_node *node = xml_child(parent, name);
    struct span digits = span_of(node ? node->text : "0");
    uint64_t value;
    bool negative = span_starts(digits, SPAN_LIT("-"));
    return span_to_u64(span_from(digits, negative ? 1 : 0), INT32_MAX, &value) ||
           not_valid(r, node, expected);
}

static bool check_switch(struct webxml_reader *r, const struct xml_node *parent, const char *name)
{
    const struct xml_node *node = xml_child(parent, name);
    return !node || strcmp(node->text, "true") == 0 || strcmp(node->text, "false") == 0 ||
           not_valid(r, node, "true or false");
}

static bool check_cookie(struct webxml_reader *r, const struct xml_node *node)
{
    return !node || (webxml_children_check(r, &webxml_cookie_element, node) &&
                     check_switch(r, node, "http-only") && check_switch(r, node, "secure") &&
                     check_number(r, node, "max-age", "a whole number of seconds, or -1"));
}

static bool check_tracking(struct webxml_reader *r, const struct xml_node *node)
{
    static const char *const modes[] = {"COOKIE", "URL", "SSL", NULL};
    for (const struct xml_node *c = node->children; c; c = c->next)
        if (strcmp(c->name, "tracking-mode") == 0 && !schema_listed(modes, c->text))
            return not_valid(r, c, "one of: COOKIE, URL, SSL");
    return true;
}

bool webxml_read_session(struct webxml_reader *r, const struct xml_node *node)
{
    if (!webxml_children_check(r, &webxml_session_element, node) ||
        !check_number(r, node, "session-timeout", "a whole number of minutes, or -1") ||
        !check_cookie(r, xml_child(node, "cookie-config")) || !check_tracking(r, node))
        return false;
    LOG(config, LOG_WARN,
        "%s:%d: <session-config> is not served yet: there are no sessions, so it has no effect",
        r->out->doc.file, node->line);
    return true;
}

/* ---- character encodings ---- */

/* It goes into a header. */
static bool is_token(const char *text)
{
    for (const char *p = text; *p; p++)
        if (*p <= ' ' || *p >= 0x7f || strchr("\"(),/:;<=>?@[\\]{}", *p))
            return false;
    return *text != '\0';
}

bool webxml_read_encoding(struct webxml_reader *r, const struct xml_node *node, const char **out)
{
    static const char *const read[] = {"utf-8",     "utf8",       "us-ascii", "iso-8859-1",
                                       "iso8859-1", "iso_8859-1", "latin1",   "l1"};
    if (!is_token(node->text))
        return not_valid(r, node, "the name of a charset, like UTF-8");
    if (*out)
        LOG(config, LOG_WARN, "%s:%d: <%s> is given twice: the last one counts", r->out->doc.file,
            node->line, node->name);
    *out = node->text;
    for (size_t i = 0; i < ARRAY_COUNT(read); i++)
        if (span_ieq(span_of(node->text), span_of(read[i])))
            return true;
    if (out == &r->out->request_encoding)
        LOG(config, LOG_WARN,
            "%s:%d: <%s> %s is not served yet: forms are read as UTF-8, or as ISO-8859-1 where "
            "that is given",
            r->out->doc.file, node->line, node->name, node->text);
    return true;
}
