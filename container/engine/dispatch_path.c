/* SPDX-License-Identifier: Apache-2.0
 * Where the path of a forward or include leads. It is decoded and normalised by the same code as a client's,
 * once; only /WEB-INF and /META-INF are the webapp's to ask for. */
#include "engine/dispatch_priv.h"

static int refuse(struct call *c, int code, struct span path, const char *why)
{
    c->detail = span_of(arena_printf(&c->x->arena, "cannot dispatch to '%.*s': %s",
                                     (int)(path.n < 200 ? path.n : 200), path.p, why));
    return code;
}

/* PATH below the folder of what runs in F; in the arena, its own part as it was given. */
static struct span absolute(struct call *c, const struct frame *f, struct span path)
{
    struct arena *a = &c->x->arena;
    if (path.n > 0 && path.p[0] == '/')
        return arena_copy(a, path);
    struct span folder = frame_target_path(c, f);
    folder = uri_encode_path(span_cut(folder, 0, span_rfind(folder, '/')), a);
    if (!folder.p)
        return SPAN_NONE;
    return span_of(arena_printf(a, "%.*s/%.*s", SPAN_ARG(folder), SPAN_ARG(path)));
}

/* It comes back in CS_REQ_URI, and from there into fields. */
static bool has_control_byte(struct span path)
{
    for (size_t i = 0; i < path.n; i++) {
        if ((unsigned char)path.p[i] < 0x20 || path.p[i] == 0x7f)
            return true;
    }
    return false;
}

static int take_query(struct call *c, struct span path, struct frame *out)
{
    switch (params_parse(&out->params, out->query, c->engine->options.max_parameter_count,
                         &c->x->arena)) {
    case PARAMS_OK:
        return CS_OK;
    case PARAMS_BAD_ESCAPE:
        return refuse(c, CS_EINVAL, path, "bad percent encoding in the query");
    case PARAMS_TOO_MANY:
        return refuse(c, CS_ELIMIT, path, "more than maxParameterCount parameters");
    case PARAMS_NO_MEMORY:
    case PARAMS_TOO_LARGE: /* of forms only */
    case PARAMS_NO_BODY:
        break;
    }
    return CS_ENOMEM;
}

int dispatch_resolve(struct call *c, struct span path, struct frame *out)
{
    static const struct uri_policy policy = {.encoded_solidus = URI_SOLIDUS_REJECT};
    struct arena *a = &c->x->arena;
    struct uri u;
    const char *why;
    if (!path.p || has_control_byte(path))
        return refuse(c, CS_EINVAL, path.p ? path : SPAN_LIT(""),
                      "no path, or a control byte in it");
    struct span raw = absolute(c, out->outer, path),
                context = uri_encode_path(span_of(c->context->path), a);
    if (!raw.p || !context.p)
        return CS_ENOMEM;
    if (!uri_parse(raw, &policy, a, &u, &why))
        return why ? refuse(c, CS_EINVAL, path, why) : CS_ENOMEM;
    out->uri = span_of(arena_printf(a, "%.*s%.*s", SPAN_ARG(context), SPAN_ARG(u.raw_path)));
    out->query = u.query;
    if (!out->uri.p || !mapper_map(c->app->mapper, u.path, a, app_has_file, c->app, &out->map))
        return CS_ENOMEM;
    return out->query.p ? take_query(c, path, out) : CS_OK;
}
