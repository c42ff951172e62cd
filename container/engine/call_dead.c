/* SPDX-License-Identifier: Apache-2.0
 * What a handle answers after its request is over: nothing of anybody, CS_EGONE. In a debug build it is
 * a reason to stop and look. The slots rotate, so that a stale handle stays dead for a while. */
#include <unistd.h>

#include "engine/engine_priv.h"
#include "observe/log.h"

static void dead(void)
{
    LOG(engine, LOG_ERROR, "a handle is used after its request ended: a bug of the webapp");
#ifdef CSERV_DEBUG
    log_flush(1000);
    UNREACHABLE();
#endif
}

static cs_str dead_str(void)
{
    dead();
    return (cs_str){NULL, 0};
}

static int dead_int(void)
{
    dead();
    return CS_EGONE;
}

static void *dead_pointer(void)
{
    dead();
    return NULL;
}

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
    dead();
    return 0;
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
    dead();
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
};

static int dead_status(cs_response *res, uint32_t code)
{
    (void)res;
    (void)code;
    return dead_int();
}

static int dead_header(cs_response *res, cs_str name, cs_str value, uint32_t how)
{
    (void)res;
    (void)name;
    (void)value;
    (void)how;
    return dead_int();
}

static int dead_length(cs_response *res, int64_t bytes)
{
    (void)res;
    (void)bytes;
    return dead_int();
}

static int dead_write(cs_response *res, const void *bytes, size_t size)
{
    (void)res;
    (void)bytes;
    (void)size;
    return dead_int();
}

static int dead_vprintf(cs_response *res, const char *format, va_list args)
{
    (void)res;
    (void)format;
    (void)args;
    return dead_int();
}

static int dead_plain(cs_response *res)
{
    (void)res;
    return dead_int();
}

static int dead_error(cs_response *res, uint32_t code, cs_str message)
{
    (void)res;
    (void)code;
    (void)message;
    return dead_int();
}

static int dead_res_date(cs_response *res, cs_str name, int64_t seconds)
{
    (void)res;
    (void)name;
    (void)seconds;
    return dead_int();
}

static int dead_file(cs_response *res, int fd, int64_t offset, int64_t length)
{
    (void)res;
    (void)offset;
    (void)length;
    if (fd >= 0)
        close(fd); /* taken over whatever happens */
    return dead_int();
}

static int dead_redirect(cs_response *res, cs_str location, uint32_t status)
{
    (void)res;
    (void)location;
    (void)status;
    return dead_int();
}

static cs_str dead_res_get(cs_response *res, uint32_t what)
{
    (void)res;
    (void)what;
    return dead_str();
}

static int64_t dead_res_get_int(cs_response *res, uint32_t what)
{
    (void)res;
    (void)what;
    return dead_int();
}

static int dead_res_set_int(cs_response *res, uint32_t what, int64_t value)
{
    (void)res;
    (void)what;
    (void)value;
    return dead_int();
}

static int dead_charset(cs_response *res, cs_str charset)
{
    (void)res;
    (void)charset;
    return dead_int();
}

static cs_str dead_header_get(cs_response *res, cs_str name, uint32_t nth)
{
    (void)res;
    (void)name;
    (void)nth;
    return dead_str();
}

static int dead_res_at(cs_response *res, uint32_t i, cs_str *name, cs_str *value)
{
    (void)res;
    (void)i;
    (void)name;
    (void)value;
    return dead_int();
}

static int dead_header_int(cs_response *res, cs_str name, int64_t value, uint32_t how)
{
    (void)res;
    (void)name;
    (void)value;
    (void)how;
    return dead_int();
}

static int dead_cookie(cs_response *res, const cs_cookie *cookie)
{
    (void)res;
    (void)cookie;
    return dead_int();
}

static int dead_before_head(cs_response *res, void (*fn)(cs_response *res, void *arg), void *arg)
{
    (void)res;
    (void)fn;
    (void)arg;
    return dead_int();
}

static cs_response *dead_res_wrap(cs_response *res, const struct cs_override_res *over, void *self)
{
    (void)res;
    (void)over;
    (void)self;
    return dead_pointer();
}

const struct cs_response_ops dead_response_ops = {
    .size = sizeof(struct cs_response_ops),
    .minor = CS_ABI_MINOR_MAX,
    .status = dead_status,
    .header = dead_header,
    .length = dead_length,
    .write = dead_write,
    .write_static = dead_write,
    .vprintf = dead_vprintf,
    .flush = dead_plain,
    .error = dead_error,
    .committed = dead_plain,
    .date = dead_res_date,
    .send_file = dead_file,
    .redirect = dead_redirect,
    .reset = dead_status,
    .get = dead_res_get,
    .get_int = dead_res_get_int,
    .set_int = dead_res_set_int,
    .charset = dead_charset,
    .header_get = dead_header_get,
    .header_at = dead_res_at,
    .header_int = dead_header_int,
    .hints = dead_plain,
    .cookie = dead_cookie,
    .before_head = dead_before_head,
    .wrap = dead_res_wrap,
};

void call_end(struct call *c)
{
    c->request.pub.ops = &dead_request_ops;
    c->response.pub.ops = &dead_response_ops;
    c->x->res.before_commit = NULL;
    c->x = NULL;
}
