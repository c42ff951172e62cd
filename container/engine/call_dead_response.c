/* SPDX-License-Identifier: Apache-2.0
 * What a response handle answers after its request is over: nothing of anybody, CS_EGONE. Set by call_end
 * (call_dead.c). */
#include <unistd.h>

#include "engine/call_dead.h"

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

static int dead_writev(cs_response *res, const cs_str *pieces, uint32_t count)
{
    (void)res;
    (void)pieces;
    (void)count;
    return dead_int();
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
    .header_date = dead_header_int,
    .writev = dead_writev,
};
