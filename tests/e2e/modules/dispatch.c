/* SPDX-License-Identifier: Apache-2.0
 * For dispatch.py: servlets and filters that do what a field of the request tells them. The servlet "a" runs the
 * field Do-a, the filter "f" Do-f: commands with ';' between, words with blanks between, "_" for a blank
 * and "~" for a ';' within a word. An answer tells what the calls gave, in the order of the commands. */
#include <cserv/servlet.h>
#include <stdio.h>
#include <stdlib.h>

struct part {
    char name[32];
};
struct run { /* one callback that runs its field */
    cs_request *req;
    cs_response *res;
    cs_chain *chain; /* NULL: a servlet */
    const char *name;
    int rc;
    char words[4][256];
};
struct command {
    const char *name;
    void (*run)(struct run *r);
};

static int part_init(cs_config *config, void **self)
{
    struct part *p = cs_ctx_alloc(cs_config_ctx(config), sizeof(*p));
    if (!p)
        return CS_ENOMEM;
    snprintf(p->name, sizeof(p->name), "%s", cs_config_name(config).ptr);
    *self = p;
    return CS_OK;
}

static const char *text(cs_str s)
{
    return s.ptr ? s.ptr : "-";
}

/* ---- what there is to say ---- */

static void say(struct run *r)
{
    r->rc = cs_res_puts(r->res, r->words[1]);
}

static void say_result(struct run *r)
{
    cs_res_printf(r->res, "[%d]", r->rc);
}

static void say_name(struct run *r)
{
    cs_res_puts(r->res, r->name);
}

static void param(struct run *r)
{
    cs_str value;
    for (uint32_t i = 0; (value = cs_req_param_str(r->req, r->words[1], i)).ptr; i++)
        cs_res_printf(r->res, "%s%s", i ? "," : "", value.ptr);
    cs_res_puts(r->res, ".");
}

/* ---- attributes ---- */

static char
    freed[512]; /* by destructors and cleanups; the script's requests come one after the other */

static void note(void *value)
{
    size_t n = strlen(freed);
    snprintf(freed + n, sizeof(freed) - n, "%s ", (const char *)value);
}

static char *keep(struct run *r, const char *word)
{
    size_t size = strlen(word) + 1;
    char *copy = cs_req_alloc(r->req, size);
    if (!copy)
        abort();
    memcpy(copy, word, size);
    return copy;
}

static void attr(struct run *r)
{
    const char *value = cs_req_attr(r->req, r->words[1]);
    cs_res_printf(r->res, "%s.", value ? value : "-");
}

static void attr_set(struct run *r)
{
    char name[64];
    snprintf(name, sizeof(name), "%.60s", r->words[1]);
    r->rc = cs_req_attr_set(r->req, name, keep(r, r->words[2]), note);
    memset(name, 'x', sizeof(name)); /* it was copied */
}

static void attr_set_plain(struct run *r)
{
    r->rc = cs_req_attr_set(r->req, r->words[1], keep(r, r->words[2]), NULL);
}

static void attr_set_unnamed(struct run *r)
{
    r->rc = cs_req_attr_set(r->req, NULL, r, note);
}

static void attr_remove(struct run *r)
{
    r->rc = cs_req_attr_remove(r->req, r->words[1]);
}

static void attrs(struct run *r)
{
    cs_str name;
    void *value;
    uint32_t i = 0;
    for (; cs_req_attr_at(r->req, i, &name, &value) == CS_OK; i++)
        cs_res_printf(r->res, "%s=%s,", name.ptr, (char *)value);
    cs_res_printf(r->res, "%u.", i);
}

static void cleanup(struct run *r)
{
    r->rc = cs_req_on_cleanup(r->req, note, keep(r, r->words[1]));
}

static void say_freed(struct run *r)
{
    cs_res_puts(r->res, freed);
}

static void forget_freed(struct run *r)
{
    (void)r;
    freed[0] = '\0';
}

/* ---- forward and include ---- */

static void forward(struct run *r)
{
    r->rc = cs_req_forward(r->req, r->res, r->words[1]);
}

static void include(struct run *r)
{
    r->rc = cs_req_include(r->req, r->res, r->words[1]);
}

static void forward_named(struct run *r)
{
    r->rc = cs_req_forward_named(r->req, r->res, r->words[1]);
}

static void include_named(struct run *r)
{
    r->rc = cs_req_include_named(r->req, r->res, r->words[1]);
}

static void dispatch_nowhere(struct run *r)
{
    r->rc = cs_req_forward(r->req, r->res, NULL);
}

static void tell(struct run *r) /* how the request looks */
{
    static const uint32_t what[] = {CS_REQ_METHOD,       CS_REQ_URI,       CS_REQ_CONTEXT_PATH,
                                    CS_REQ_SERVLET_PATH, CS_REQ_PATH_INFO, CS_REQ_QUERY};
    cs_res_printf(r->res, "%s:%u", r->name, cs_req_dispatch_type(r->req));
    for (unsigned i = 0; i < sizeof(what) / sizeof(what[0]); i++)
        cs_res_printf(r->res, "|%s", text(cs_req_get(r->req, what[i])));
    cs_res_puts(r->res, ".");
}

static void told(struct run *r) /* by attributes: "told forward" */
{
    static const char *const what[] = {"request_uri", "context_path", "servlet_path",
                                       "path_info",   "query_string", "mapping"};
    for (unsigned i = 0; i < sizeof(what) / sizeof(what[0]); i++) {
        char name[96];
        snprintf(name, sizeof(name), "jakarta.servlet.%.30s.%s", r->words[1], what[i]);
        cs_res_printf(r->res, "%s%s", i ? "|" : "", text(cs_req_attr_str(r->req, name)));
    }
    cs_res_puts(r->res, ".");
}

static void failure(struct run *r) /* what an error page is told */
{
    static const char *const what[] = {"status_code", "exception_type", "message",
                                       "request_uri", "servlet_name",   "method",
                                       "query_string"};
    for (unsigned i = 0; i < sizeof(what) / sizeof(what[0]); i++) {
        char name[96];
        snprintf(name, sizeof(name), "jakarta.servlet.error.%s", what[i]);
        cs_str value = cs_req_attr_str(r->req, name);
        cs_str number = cs_req_dispatch_str(r->req, CS_ERROR_STATUS_CODE + i);
        if (number.len != value.len || (value.ptr && strcmp(number.ptr, value.ptr) != 0))
            cs_res_puts(r->res, "{by name and by number differ}");
        cs_res_printf(r->res, "%s%s", i ? "|" : "", text(value));
    }
    cs_res_puts(r->res, ".");
}

static void by_number(struct run *r)
{
    cs_res_printf(r->res, "%s.", text(cs_req_dispatch_str(r->req, (uint32_t)atoi(r->words[1]))));
}

static void params(struct run *r)
{
    cs_str name, value;
    for (uint32_t i = 0; cs_req_param_at(r->req, i, &name, &value) == CS_OK; i++)
        cs_res_printf(r->res, "%s=%s,", name.ptr, value.ptr);
    cs_res_puts(r->res, ".");
}

static void deeper(struct run *r) /* includes itself until that is refused */
{
    r->rc = cs_req_include(r->req, r->res, r->words[1]);
    if (r->rc != CS_OK)
        cs_res_printf(r->res, "[%d]", r->rc);
    cs_res_puts(r->res, "+");
    r->rc = CS_OK;
}

#include "dispatch_about.h"

/* ---- how it ends ---- */

static void next(struct run *r)
{
    r->rc = cs_chain_next(r->chain, r->req, r->res);
}

static void result(struct run *r)
{
    r->rc = atoi(r->words[1]);
}

static void status(struct run *r)
{
    r->rc = cs_res_status(r->res, (uint32_t)atoi(r->words[1]));
}

static void header(struct run *r)
{
    r->rc = cs_res_header(r->res, r->words[1], r->words[2]);
}

static void error(struct run *r)
{
    r->rc = cs_res_error(r->res, (uint32_t)atoi(r->words[1]), *r->words[2] ? r->words[2] : NULL);
}

static void fail(struct run *r)
{
    r->rc = cs_req_fail(r->req, CS_EFAIL, r->words[1]);
}

static void flush(struct run *r)
{
    r->rc = cs_res_flush(r->res);
}

static void length(struct run *r)
{
    r->rc = cs_res_length(r->res, atoi(r->words[1]));
}

static void fill(struct run *r) /* more than is held back */
{
    char line[1000];
    memset(line, 'x', sizeof(line));
    for (int i = 0; i < 10; i++)
        cs_res_write(r->res, line, sizeof(line));
}

static void is_committed(struct run *r)
{
    cs_res_printf(r->res, "%d.", cs_res_committed(r->res));
}

static void read_body(struct run *r)
{
    char line[64];
    int64_t n = cs_req_read(r->req, line, sizeof(line) - 1);
    if (n >= 0)
        line[n] = '\0';
    cs_res_printf(r->res, "%s.", n < 0 ? "-" : line);
}

static void redirect(struct run *r)
{
    r->rc = cs_res_redirect(r->res, r->words[1]);
}

static cs_request *kept_req; /* one by one, as the script asks */
static cs_response *kept_res;

static void keep_handles(struct run *r)
{
    kept_req = r->req;
    kept_res = r->res;
}

static void use_kept(struct run *r) /* what is left of handles whose dispatch is over */
{
    cs_res_printf(r->res, "%s,", text(cs_req_get(kept_req, CS_REQ_METHOD)));
    cs_res_printf(r->res, "%d,", cs_res_puts(kept_res, "late"));
    cs_res_printf(r->res, "%d.", cs_req_include(kept_req, kept_res, "/c"));
}

static void next_kept(struct run *r)
{
    r->rc = cs_chain_next(r->chain, kept_req, kept_res);
}

static void deeper_kept(struct run *r) /* with the handles of the outermost */
{
    int rc = cs_req_include(kept_req, kept_res, r->words[1]);
    if (rc != CS_OK)
        cs_res_printf(r->res, "[%d]", rc);
    cs_res_puts(r->res, "+");
}

static void ok(struct run *r)
{
    r->rc = CS_OK;
}

static const struct command commands[] = {
    {"say", say},
    {"rc", say_result},
    {"name", say_name},
    {"param", param},
    {"attr", attr},
    {"set", attr_set},
    {"plain", attr_set_plain},
    {"unnamed", attr_set_unnamed},
    {"remove", attr_remove},
    {"attrs", attrs},
    {"cleanup", cleanup},
    {"freed", say_freed},
    {"forget", forget_freed},
    {"next", next},
    {"result", result},
    {"status", status},
    {"header", header},
    {"error", error},
    {"fail", fail},
    {"flush", flush},
    {"ok", ok},
    {"forward", forward},
    {"include", include},
    {"forward-named", forward_named},
    {"include-named", include_named},
    {"nowhere", dispatch_nowhere},
    {"tell", tell},
    {"told", told},
    {"failure", failure},
    {"number", by_number},
    {"redirect", redirect},
    {"keep", keep_handles},
    {"kept", use_kept},
    {"deeper-kept", deeper_kept},
    {"next-kept", next_kept},
    ABOUT_COMMANDS,
    {"params", params},
    {"deeper", deeper},
    {"length", length},
    {"fill", fill},
    {"committed", is_committed},
    {"read", read_body},
};

static void run_command(struct run *r, const char *at, size_t n)
{
    memset(r->words, 0, sizeof(r->words));
    for (unsigned word = 0, k = 0; n > 0; at++, n--) {
        if (*at == ' ') {
            word += k > 0 || word > 0;
            k = 0;
        } else if (word < 4 && k < sizeof(r->words[0]) - 1) {
            r->words[word][k++] = *at == '_' ? ' ' : *at == '~' ? ';' : *at;
        }
    }
    for (unsigned i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(commands[i].name, r->words[0]) == 0) {
            commands[i].run(r);
            return;
        }
    }
    cs_res_printf(r->res, "{no command %s}", r->words[0]);
}

/* The field's commands; without one: a servlet says its name, a filter goes on. */
static int run_all(struct run *r)
{
    char field[48];
    snprintf(field, sizeof(field), "Do-%s", r->name);
    const char *at = cs_req_header(r->req, field);
    if (!at && r->chain)
        return cs_chain_next(r->chain, r->req, r->res);
    if (!at)
        return cs_res_puts(r->res, r->name);
    while (*at) {
        size_t n = strcspn(at, ";");
        run_command(r, at, n);
        at += n + (at[n] == ';');
        at += strspn(at, " ");
    }
    return r->rc;
}

static int servlet(cs_request *req, cs_response *res)
{
    const struct part *p = cs_req_self(req);
    struct run r = {.req = req, .res = res, .name = p->name};
    return run_all(&r);
}

static int filter(cs_request *req, cs_response *res, cs_chain *chain, void *self)
{
    const struct part *p = self;
    struct run r = {.req = req, .res = res, .chain = chain, .name = p->name};
    return run_all(&r);
}

static int unavailable(cs_request *req, cs_response *res)
{
    (void)req;
    (void)res;
    return CS_UNAVAILABLE(50);
}

#define SERVLET(id, patterns)                                                       \
    {                                                                               \
        .name = id, .url_patterns = patterns, .flags = CS_ASYNC, .init = part_init, \
        .get = servlet, .post = servlet, .put = servlet                             \
    }
#define FILTER(id, how, ...)                                                                    \
    {                                                                                           \
        .name = id, .flags = CS_ASYNC, .dispatchers = how, .init = part_init, .filter = filter, \
        __VA_ARGS__                                                                             \
    }
static const cs_servlet servlets[] = {
    SERVLET("a", "/a /x/a/*"),
    SERVLET("b", "/b /x/b/*"),
    SERVLET("c", "/c /x/c/*"),
    SERVLET("d", "*.d"),
    {.name = "gone", .url_patterns = "/gone", .service = unavailable},
    {.name = "only-post", .url_patterns = "/only-post", .post = servlet, .init = part_init},
};
static const cs_filter filters[] = {
    FILTER("f", 0, .url_patterns = "/*"),
    FILTER("forwards", CS_DISPATCH_FORWARD, .url_patterns = "/x/b/*"),
    FILTER("includes", CS_DISPATCH_INCLUDE, .url_patterns = "/x/b/*"),
    FILTER("both", CS_DISPATCH_REQUEST | CS_DISPATCH_FORWARD, .servlet_names = "b"),
    FILTER("all", CS_DISPATCH_FORWARD | CS_DISPATCH_INCLUDE, .url_patterns = "*"),
    FILTER("errors", CS_DISPATCH_ERROR, .url_patterns = "/x/c/*"),
    FILTER("second", CS_DISPATCH_FORWARD | CS_DISPATCH_INCLUDE, .url_patterns = "/x/b/q",
           .servlet_names = "b"),
};

CS_WEBAPP("dispatch", "1.0", .servlets = CS_ROWS(servlets), .filters = CS_ROWS(filters))
