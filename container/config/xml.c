/* SPDX-License-Identifier: Apache-2.0
 * The only file that knows expat: a document becomes a tree in one arena. Called by server.c and
 * webxml.c. What a file can do to us is bounded here: its size, its depth, the memory of its tree,
 * and entities, of which only the five predefined ones exist. */
#include "config/xml.h"

#include <expat.h>
#include <limits.h>

#include "base/check.h"
#include "base/path.h"
#include "config/xml_priv.h"

#define FILE_MAX ((size_t)4 << 20)
#define TREE_MAX ((size_t)64 << 20) /* a tree of tiny elements is far larger than its text */
enum { DEPTH_MAX = 64 };

struct reader {
    XML_Parser parser;
    struct xml_doc *doc;
    struct xml_node *at; /* the open element */
    int depth;
    struct buf texts[DEPTH_MAX]; /* of the open elements, gathered around their children */
    struct buf value;            /* one value being substituted */
    struct span source;
    bool doctype, failed;
    xml_subst_fn *subst;
    void *arg;
    struct err *err;
};

/* err is set already, apart from the place. */
static void reader_fail(struct reader *r, int line)
{
    err_at(r->err, r->doc->file, line);
    r->failed = true;
    XML_StopParser(r->parser, XML_FALSE);
}

static int reader_line(const struct reader *r)
{
    XML_Size line = XML_GetCurrentLineNumber(r->parser);
    return line > INT_MAX ? INT_MAX : (int)line;
}

static bool tree_fits(struct reader *r)
{
    if (r->doc->arena.used <= TREE_MAX)
        return true;
    return err_set(r->err, "the document is too large: its tree takes more than %zu bytes",
                   TREE_MAX);
}

/* TEXT, substituted, in the arena; NULL with err set. */
static const char *reader_value(struct reader *r, struct span text)
{
    struct span copy;
    if (!tree_fits(r))
        return NULL;
    if (r->subst && span_find(text, 0, '$') < text.n) {
        buf_clear(&r->value);
        if (!xml_substitute(&r->value, text, r->subst, r->arg, r->err))
            return NULL;
        text = buf_span(&r->value);
    }
    copy = arena_copy(&r->doc->arena, text);
    if (!copy.p)
        err_set(r->err, "out of memory");
    return copy.p;
}

static bool is_other_vocabulary(const char *attribute)
{
    return strchr(attribute, ':') || strcmp(attribute, "xmlns") == 0;
}

static bool read_attributes(struct reader *r, struct xml_node *node, const XML_Char **pairs)
{
    struct xml_attribute **tail = &node->attributes;
    for (; pairs[0]; pairs += 2) {
        if (is_other_vocabulary(pairs[0]))
            continue;
        struct xml_attribute *a = arena_zalloc(&r->doc->arena, sizeof(*a));
        if (!a || !(a->name = arena_strdup(&r->doc->arena, pairs[0])))
            return err_set(r->err, "out of memory");
        if (!(a->value = reader_value(r, span_of(pairs[1]))))
            return false;
        *tail = a;
        tail = &a->next;
    }
    return true;
}

/* With a DOCTYPE expat takes an unknown entity in an attribute for one of the external subset, which
 * we never read, and drops it without a word: an empty value where the person meant one. */
static bool tag_has_unknown_entity(const struct reader *r)
{
    static const char *const predefined[] = {"#", "amp;", "lt;", "gt;", "quot;", "apos;"};
    XML_Index start = XML_GetCurrentByteIndex(r->parser);
    int size = XML_GetCurrentByteCount(r->parser);
    if (start < 0 || size < 0)
        return true;
    struct span tag = span_cut(r->source, (size_t)start, (size_t)size);
    for (size_t i = span_find(tag, 0, '&'); i < tag.n; i = span_find(tag, i + 1, '&')) {
        bool known = false;
        for (size_t k = 0; k < ARRAY_COUNT(predefined); k++)
            known = known || span_starts(span_from(tag, i + 1), span_of(predefined[k]));
        if (!known)
            return true;
    }
    return false;
}

/* XML itself lets colons stand anywhere; with prefixes there is one, between two names. */
static bool is_qualified(const char *name)
{
    const char *colon = strchr(name, ':');
    return !colon || (colon > name && colon[1] != '\0' && !strchr(colon + 1, ':'));
}

static struct xml_node *node_new(struct reader *r, const XML_Char *name)
{
    const char *colon = strchr(name, ':');
    struct xml_node *node = arena_zalloc(&r->doc->arena, sizeof(*node));
    if (!node || !(node->name = arena_strdup(&r->doc->arena, colon ? colon + 1 : name))) {
        err_set(r->err, "out of memory");
        return NULL;
    }
    node->text = "";
    node->line = reader_line(r);
    node->parent = r->at;
    return node;
}

static void node_link(struct reader *r, struct xml_node *node)
{
    if (!r->at)
        r->doc->root = node;
    else if (r->at->last)
        r->at->last->next = node;
    else
        r->at->children = node;
    if (r->at)
        r->at->last = node;
    r->at = node;
    buf_clear(&r->texts[r->depth++]);
}

static void XMLCALL on_start(void *arg, const XML_Char *name, const XML_Char **pairs)
{
    struct reader *r = arg;
    struct xml_node *node = NULL;
    if (r->failed)
        return;
    if (r->depth == DEPTH_MAX)
        err_set(r->err, "<%.64s> is nested more than %d levels deep", name, DEPTH_MAX);
    else if (!is_qualified(name))
        err_set(r->err, "<%.64s> is no name of an element", name);
    else if (r->doctype && tag_has_unknown_entity(r))
        err_set(r->err, "<%.64s> uses an entity that is not declared", name);
    else if (tree_fits(r) && (node = node_new(r, name)) && read_attributes(r, node, pairs)) {
        node_link(r, node);
        return;
    }
    reader_fail(r, reader_line(r));
}

static struct span trim_xml_space(struct span s)
{
    while (s.n > 0 && strchr(" \t\r\n", s.p[0]))
        s = span_from(s, 1);
    while (s.n > 0 && strchr(" \t\r\n", s.p[s.n - 1]))
        s.n--;
    return s;
}

static void XMLCALL on_end(void *arg, const XML_Char *name)
{
    struct reader *r = arg;
    (void)name;
    if (r->failed)
        return;
    CHECK(r->at && r->depth > 0);
    struct span text = trim_xml_space(buf_span(&r->texts[--r->depth]));
    if (text.n > 0 && !(r->at->text = reader_value(r, text))) {
        reader_fail(r, r->at->line);
        return;
    }
    r->at = r->at->parent;
}

static void XMLCALL on_text(void *arg, const XML_Char *text, int n)
{
    struct reader *r = arg;
    if (r->failed || r->depth == 0)
        return;
    if (!buf_append(&r->texts[r->depth - 1], text, (size_t)n)) {
        err_set(r->err, "out of memory");
        reader_fail(r, reader_line(r));
    }
}

static void refuse_entity(struct reader *r, const char *name)
{
    if (r->failed)
        return;
    err_set(r->err, "entity '%.64s' is not accepted", name);
    err_why(r->err, "only the five predefined entities and character references are read");
    reader_fail(r, reader_line(r));
}

static void XMLCALL on_doctype(void *arg, const XML_Char *name, const XML_Char *system,
                               const XML_Char *public, int has_internal_subset)
{
    struct reader *r = arg;
    (void)system;
    (void)public;
    r->doctype = true;
    if (!has_internal_subset || r->failed)
        return;
    err_set(r->err, "<!DOCTYPE %.64s [...]> is not accepted", name);
    err_why(r->err, "declarations inside the document could make it grow without bound");
    err_hint(r->err, "remove the part between '[' and ']'");
    reader_fail(r, reader_line(r));
}

static void XMLCALL on_entity(void *arg, const XML_Char *name, int is_parameter,
                              const XML_Char *value, int n, const XML_Char *base,
                              const XML_Char *system, const XML_Char *public,
                              const XML_Char *notation)
{
    (void)is_parameter, (void)value, (void)n, (void)base, (void)system, (void)public;
    (void)notation;
    refuse_entity(arg, name);
}

static void XMLCALL on_skipped_entity(void *arg, const XML_Char *name, int is_parameter)
{
    (void)is_parameter;
    refuse_entity(arg, name);
}

static bool reader_run(struct reader *r)
{
    XML_SetUserData(r->parser, r);
    XML_SetElementHandler(r->parser, on_start, on_end);
    XML_SetCharacterDataHandler(r->parser, on_text);
    XML_SetStartDoctypeDeclHandler(r->parser, on_doctype);
    XML_SetEntityDeclHandler(r->parser, on_entity);
    XML_SetSkippedEntityHandler(r->parser, on_skipped_entity);
    if (XML_Parse(r->parser, r->source.p, (int)r->source.n, XML_TRUE) == XML_STATUS_OK)
        return !r->failed;
    if (!r->failed) {
        err_set(r->err, "not well-formed XML");
        err_why(r->err, "%s", XML_ErrorString(XML_GetErrorCode(r->parser)));
        err_at(r->err, r->doc->file, reader_line(r));
    }
    return false;
}

static bool source_check(const struct xml_doc *doc, struct span text, struct err *err)
{
    if (text.n > FILE_MAX) {
        err_set(err, "the document is larger than %zu bytes", FILE_MAX);
        return err_at(err, doc->file, 0);
    }
    /* Also what makes tag_has_unknown_entity right: one byte is one ASCII character. */
    if (span_find(text, 0, '\0') < text.n) {
        err_set(err, "the document holds NUL bytes");
        err_hint(err, "save it as UTF-8; UTF-16 is not read");
        return err_at(err, doc->file, 1);
    }
    return true;
}

bool xml_parse(struct xml_doc *doc, const char *name, struct span text, xml_subst_fn *subst,
               void *arg, struct err *err)
{
    struct reader r = {.doc = doc, .source = text, .subst = subst, .arg = arg, .err = err};
    bool ok = false;
    *doc = (struct xml_doc){.root = NULL};
    arena_init(&doc->arena);
    doc->file = arena_strdup(&doc->arena, name);
    r.parser = XML_ParserCreate(NULL);
    if (!doc->file || !r.parser)
        err_set(err, "out of memory");
    else
        ok = source_check(doc, text, err) && reader_run(&r);
    if (r.parser)
        XML_ParserFree(r.parser);
    for (size_t i = 0; i < DEPTH_MAX; i++)
        buf_free(&r.texts[i]);
    buf_free(&r.value);
    if (!ok)
        xml_free(doc);
    return ok;
}

bool xml_read(struct xml_doc *doc, const char *file, xml_subst_fn *subst, void *arg,
              struct err *err)
{
    struct buf content = BUF_EMPTY;
    bool ok = false;
    *doc = (struct xml_doc){.root = NULL};
    arena_init(&doc->arena);
    if (path_read_file(file, FILE_MAX, &content, err))
        ok = xml_parse(doc, file, buf_span(&content), subst, arg, err);
    buf_free(&content);
    return ok;
}

void xml_free(struct xml_doc *doc)
{
    arena_destroy(&doc->arena);
    *doc = (struct xml_doc){.root = NULL};
    arena_init(&doc->arena);
}

const char *xml_attribute(const struct xml_node *n, const char *name)
{
    for (const struct xml_attribute *a = n->attributes; a; a = a->next)
        if (strcmp(a->name, name) == 0)
            return a->value;
    return NULL;
}

struct xml_node *xml_child(const struct xml_node *n, const char *name)
{
    for (struct xml_node *c = n->children; c; c = c->next)
        if (strcmp(c->name, name) == 0)
            return c;
    return NULL;
}

const char *xml_child_text(const struct xml_node *n, const char *name)
{
    const struct xml_node *c = xml_child(n, name);
    return c ? c->text : NULL;
}
