/* SPDX-License-Identifier: Apache-2.0
 * The webapp's own error pages: which of web.xml's <error-page> is for an error, and its run as an ERROR
 * dispatch. Called by serve.c when the chain has returned, at most once for a request: what goes wrong in an
 * error page is answered by the container's plain page. */
#include "engine/dispatch_priv.h"
#include "observe/log.h"

/* By what was returned, then by status, then the one without either. */
static const struct error_page *find_page(const struct app *a, unsigned status, int rc)
{
    const struct error_page *by_status = NULL, *general = NULL;
    for (uint32_t i = 0; i < a->error_page_count; i++) {
        const struct error_page *p = &a->error_pages[i];
        if (rc != CS_OK && p->cs_code == rc)
            return p;
        if (p->code == status && !by_status)
            by_status = p;
        if (p->code == 0 && p->cs_code == 0 && !general)
            general = p;
    }
    return by_status ? by_status : general;
}

static int run_page(struct call *c, const char *location, uint32_t type, const struct failure *why)
{
    struct frame f = {.type = type, .caller = &c->request.pub, .failure = why};
    int rc = dispatch_resolve(c, span_of(location), &f);
    struct servlet *s = rc == CS_OK ? f.map.value : NULL;
    c->in_error_page = true;
    if (rc == CS_OK && (!s || servlet_is_unavailable(s))) {
        c->detail = SPAN_LIT("nothing serves its location");
        rc = CS_ENOENT;
    }
    if (rc == CS_OK)
        rc = dispatch_run(c, &f, s, &c->request.pub, &c->response.pub);
    c->in_error_page = false;
    return rc;
}

/* What ended the answer before does not end the page's. */
static void open_again(struct call *c)
{
    if (c->params_bad) /* there are none then */
        c->params = (struct params){.v = NULL};
    c->params_bad = false;
    c->error_status = 0;
    c->redirected = false;
    c->response.closed = false;
    c->res_charset = SPAN_NONE;
    c->detail = SPAN_NONE;
}

static struct failure describe(const struct call *c, unsigned status, int rc, struct span message)
{
    const struct request *r = &c->x->req;
    return (struct failure){.status = status,
                            .code = rc > CS_E_LAST ? rc : 0,
                            .message = message,
                            .uri = r->uri.raw_path,
                            .query = r->uri.query,
                            .method = r->method_text,
                            .servlet = c->servlet ? c->servlet->reg.name : NULL};
}

static bool went_well(const struct call *c, int rc)
{
    return c->error_status == 0 && !c->params_bad &&
           (rc == CS_OK || (rc == CS_ESTATE && call_is_over(c))); /* a write behind the end */
}

bool error_dispatch(struct call *c, unsigned status, int rc, struct span message)
{
    struct exchange *x = c->x;
    const struct error_page *p = c->app && !c->in_valve ? find_page(c->app, status, rc) : NULL;
    struct failure why = describe(c, status, rc, message);
    if (!p || !error_reset(x, status))
        return false;
    open_again(c);
    rc = run_page(c, p->location, CS_DISPATCH_ERROR, &why);
    if (went_well(c, rc)) {
        call_before_head(c);
        return true;
    }
    c->head_hooks = NULL;
    if (rc != CS_EGONE)
        LOG(engine, LOG_ERROR, "%s: the error page %s for %u of %.*s failed: %d, status %u%s%.*s",
            call_name(c), p->location, status, SPAN_ARG(why.uri), rc, c->error_status,
            c->detail.n ? ": " : "", SPAN_ARG(c->detail));
    if (rc != CS_EGONE && !x->res.committed)
        return false;
    response_abort(x);
    return true;
}

/* Only where the client can tell from what follows, or does not, that the answer is not whole. */
void error_include(struct call *c, unsigned status, int rc, struct span message)
{
    struct exchange *x = c->x;
    const struct error_page *p = c->app && !c->in_valve ? find_page(c->app, status, rc) : NULL;
    struct failure why = describe(c, status, rc, message);
    if (!p || x->res.length >= 0 || x->res.ended)
        return;
    open_again(c);
    run_page(c, p->location, CS_DISPATCH_INCLUDE, &why);
    response_flush(x);
}
