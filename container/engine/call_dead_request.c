/* SPDX-License-Identifier: Apache-2.0
 * What a request handle answers after its request is over: nothing of anybody, CS_EGONE. Set by call_end
 * (call_dead.c). */
#include "engine/call_dead.h"

static cs_str dead_get(cs_request *req, uint32_t what)
{
    (void)req;
    (void)what;
    return dead_str();
}

static int64_t dead_get_int(cs_request *req, uint32_t what)
{
    (void)req;
    (void)what;
    return dead_int();
}

static cs_str dead_named(cs_request *req, cs_str name, uint32_t nth)
{
    (void)req;
    (void)name;
    (void)nth;
    return dead_str();
}

static int dead_at(cs_request *req, uint32_t i, cs_str *name, cs_str *value)
{
    (void)req;
    (void)i;
    (void)name;
    (void)value;
    return dead_int();
}

static int64_t dead_read(cs_request *req, void *buf, size_t size)
{
    (void)req;
    (void)buf;
    (void)size;
    return dead_int();
}

static void *dead_self(cs_request *req)
{
    (void)req;
    return dead_pointer();
}

static cs_ctx *dead_ctx(cs_request *req)
{
    (void)req;
    return dead_pointer();
}

static void *dead_alloc(cs_request *req, size_t size)
{
    (void)req;
    (void)size;
    return dead_pointer();
}

static int dead_cleanup(cs_request *req, void (*fn)(void *arg), void *arg)
{
    (void)req;
    (void)fn;
    (void)arg;
    return dead_int();
}

static int64_t dead_date(cs_request *req, cs_str name)
{
    (void)req;
    (void)name;
    return dead_int();
}

static int dead_set(cs_request *req, uint32_t what, cs_str value)
{
    (void)req;
    (void)what;
    (void)value;
    return dead_int();
}

static int dead_set_int(cs_request *req, uint32_t what, int64_t value)
{
    (void)req;
    (void)what;
    (void)value;
    return dead_int();
}

static cs_async *dead_async_start(cs_request *req, cs_response *res, int64_t timeout_ms)
{
    (void)req;
    (void)res;
    (void)timeout_ms;
    return dead_pointer();
}

static int dead_async_supported(cs_request *req)
{
    (void)req;
    call_dead();
    return 0;
}

static int dead_async_started(cs_request *req)
{
    return dead_async_supported(req);
}

static cs_async *dead_async(cs_request *req)
{
    (void)req;
    return dead_pointer();
}

static int dead_fail(cs_request *req, int code, cs_str detail)
{
    (void)req;
    (void)code;
    (void)detail;
    return dead_int();
}

static void *dead_attr(cs_request *req, cs_str name)
{
    (void)req;
    (void)name;
    return dead_pointer();
}

static int dead_attr_set(cs_request *req, cs_str name, void *value, void (*free_fn)(void *value))
{
    (void)req;
    (void)name;
    (void)value;
    (void)free_fn;
    return dead_int();
}

static int dead_attr_at(cs_request *req, uint32_t i, cs_str *name, void **value)
{
    (void)req;
    (void)i;
    (void)name;
    (void)value;
    return dead_int();
}

static int dead_header_value(cs_request *req, cs_str name, int64_t *value)
{
    (void)req;
    (void)name;
    (void)value;
    return dead_int();
}

static int dead_name(cs_request *req, cs_str name)
{
    (void)req;
    (void)name;
    return dead_int();
}

static int64_t dead_read_line(cs_request *req, char *buf, size_t size)
{
    return dead_read(req, buf, size);
}

static int dead_trailer(cs_request *req, cs_str name, uint32_t nth, cs_str *value)
{
    (void)req;
    (void)name;
    (void)nth;
    (void)value;
    return dead_int();
}

static int dead_part(cs_request *req, cs_str name, uint32_t nth, cs_part **part)
{
    (void)req;
    (void)name;
    (void)nth;
    *part = NULL;
    return dead_int();
}

static int dead_part_at(cs_request *req, uint32_t i, cs_part **part)
{
    (void)req;
    (void)i;
    *part = NULL;
    return dead_int();
}

static cs_str dead_attr_str(cs_request *req, cs_str name)
{
    (void)req;
    (void)name;
    return dead_str();
}

static uint32_t dead_type(cs_request *req)
{
    (void)req;
    call_dead();
    return 0;
}

static int dead_dispatch(cs_request *req, cs_response *res, cs_str target, uint32_t how)
{
    (void)req;
    (void)res;
    (void)target;
    (void)how;
    return dead_int();
}

static cs_request *dead_req_wrap(cs_request *req, const struct cs_override_req *over, void *self)
{
    (void)req;
    (void)over;
    (void)self;
    return dead_pointer();
}

const struct cs_request_ops dead_request_ops = {
    .size = sizeof(struct cs_request_ops),
    .minor = CS_ABI_MINOR_MAX,
    .get = dead_get,
    .get_int = dead_get_int,
    .header = dead_named,
    .header_at = dead_at,
    .param = dead_named,
    .param_at = dead_at,
    .read = dead_read,
    .self = dead_self,
    .ctx = dead_ctx,
    .alloc = dead_alloc,
    .on_cleanup = dead_cleanup,
    .fail = dead_fail,
    .date = dead_date,
    .set = dead_set,
    .set_int = dead_set_int,
    .attr = dead_attr,
    .attr_set = dead_attr_set,
    .attr_at = dead_attr_at,
    .cookie = dead_named,
    .cookie_at = dead_at,
    .header_int = dead_header_value,
    .set_charset = dead_name,
    .locale = dead_get,
    .read_line = dead_read_line,
    .trailer = dead_trailer,
    .trailer_at = dead_at,
    .part = dead_part,
    .part_at = dead_part_at,
    .attr_str = dead_attr_str,
    .dispatch_str = dead_get,
    .dispatch_type = dead_type,
    .dispatch = dead_dispatch,
    .wrap = dead_req_wrap,
    .async_start = dead_async_start,
    .async_supported = dead_async_supported,
    .async_started = dead_async_started,
    .async = dead_async,
};
