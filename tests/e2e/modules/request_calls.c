/* SPDX-License-Identifier: Apache-2.0
 * For request_calls.py: a servlet that does to its answer what the query says, in that order, and keeps
 * what the calls returned for the next request to ask. */
#define _GNU_SOURCE
#include <cserv/servlet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

static char seen[4096]; /* the script's requests come one after the other */

static void note(const char *text)
{
    size_t n = strlen(seen);
    snprintf(seen + n, sizeof(seen) - n, "%s%s", n ? " " : "", text);
}

static void note_int(int64_t value)
{
    char digits[24];
    snprintf(digits, sizeof(digits), "%lld", (long long)value);
    note(digits);
}

/* "Name:Value" in two. */
static const char *split(char *out, size_t size, const char *pair)
{
    snprintf(out, size, "%s", pair);
    char *colon = strchr(out, ':');
    if (!colon)
        return "";
    *colon = '\0';
    return colon + 1;
}

static void do_header(cs_response *res, const char *op, const char *value)
{
    char name[8192];
    const char *text = split(name, sizeof(name), value);
    cs_str found, found_name;
    if (strcmp(op, "header") == 0)
        note_int(cs_res_header(res, name, text));
    else if (strcmp(op, "add") == 0)
        note_int(cs_res_header_str(res, cs_str_of(name), cs_str_of(text), CS_HEADER_ADD));
    else if (strcmp(op, "int") == 0)
        note_int(cs_res_int(res, name, strtoll(text, NULL, 10), CS_HEADER_SET));
    else if (strcmp(op, "addint") == 0)
        note_int(cs_res_int(res, name, strtoll(text, NULL, 10), CS_HEADER_ADD));
    else if (strcmp(op, "get") == 0)
        note(cs_res_header_get(res, name) ? cs_res_header_get(res, name) : "-");
    else if (strcmp(op, "second") == 0)
        note((found = cs_res_header_get_str(res, name, 1)).ptr ? found.ptr : "-");
    else if (strcmp(op, "has") == 0)
        note_int(cs_res_header_has(res, name));
    else if (strcmp(op, "at") == 0 &&
             cs_res_header_at(res, (uint32_t)atoi(value), &found_name, &found) == CS_OK)
        note(found_name.ptr);
    else if (strcmp(op, "at") == 0)
        note("-");
}

static void do_whole(cs_response *res, const char *op, const char *value)
{
    cs_str text;
    if (strcmp(op, "redirect") == 0)
        note_int(cs_res_redirect(res, value));
    else if (strcmp(op, "redirect-absent") == 0)
        note_int(cs_res_redirect(res, NULL));
    else if (strncmp(op, "redirect-", 9) == 0)
        note_int(cs_res_redirect_str(res, cs_str_of(value), (uint32_t)atoi(op + 9)));
    else if (strcmp(op, "reset") == 0)
        note_int(cs_res_reset(res));
    else if (strcmp(op, "reset-body") == 0)
        note_int(cs_res_reset_body(res));
    else if (strcmp(op, "buffer") == 0)
        note_int(cs_res_set_buffer_size(res, strtoll(value, NULL, 10)));
    else if (strcmp(op, "buffer-size") == 0)
        note_int(cs_res_buffer_size(res));
    else if (strcmp(op, "charset") == 0)
        note_int(cs_res_charset(res, strcmp(value, "NULL") == 0 ? NULL : value));
    else if (strcmp(op, "charset-get") == 0)
        note((text = cs_res_get(res, CS_RES_CHARSET)).ptr ? text.ptr : "-");
    else if (strcmp(op, "type-get") == 0)
        note((text = cs_res_get(res, CS_RES_CONTENT_TYPE)).ptr ? text.ptr : "-");
    else if (strcmp(op, "hints") == 0)
        note_int(cs_res_early_hints(res));
}

static void do_plain(cs_response *res, const char *op, const char *value)
{
    if (strcmp(op, "status") == 0)
        note_int(cs_res_status(res, (uint32_t)atoi(value)));
    else if (strcmp(op, "status-get") == 0)
        note_int(cs_res_status_get(res));
    else if (strcmp(op, "type") == 0)
        note_int(cs_res_content_type(res, value));
    else if (strcmp(op, "write") == 0)
        note_int(cs_res_puts(res, value));
    else if (strcmp(op, "flush") == 0)
        note_int(cs_res_flush(res));
    else if (strcmp(op, "length") == 0)
        note_int(cs_res_length(res, strtoll(value, NULL, 10)));
    else if (strcmp(op, "length-get") == 0)
        note_int(cs_res_get_int(res, CS_RES_LENGTH));
    else if (strcmp(op, "error") == 0)
        note_int(cs_res_error(res, (uint32_t)atoi(value), "told <so>"));
    else if (strcmp(op, "committed") == 0)
        note_int(cs_res_committed(res));
    else if (strcmp(op, "unknown") == 0)
        note_int(cs_res_get(res, 99).ptr ? 1 : cs_res_get_int(res, 99));
}

/* What stands between commas is a piece, "NULL" one that is no text; "none": no pieces at all. */
static int write_pieces(cs_response *res, const char *value)
{
    cs_str pieces[8];
    uint32_t n = 0;
    if (strcmp(value, "none") == 0)
        return cs_res_writev(res, NULL, 0) == CS_OK ? cs_res_writev(res, NULL, 1) : 1;
    for (const char *at = value; n < 8; n++) {
        size_t len = strcspn(at, ",");
        pieces[n] = (cs_str){strncmp(at, "NULL", 4) == 0 ? NULL : at, len};
        at += len;
        if (*at++ == '\0')
            break;
    }
    return cs_res_writev(res, pieces, n + 1);
}

static void do_more(cs_response *res, const char *op, const char *value)
{
    cs_cookie cookie = {.size = sizeof(cookie), .name = "c", .value = value, .path = "/"};
    char name[8192];
    if (strcmp(op, "date") == 0) {
        const char *seconds = split(name, sizeof(name), value);
        note_int(cs_res_date(res, name, strtoll(seconds, NULL, 10)));
    } else if (strcmp(op, "adddate") == 0) {
        const char *seconds = split(name, sizeof(name), value);
        note_int(cs_res_header_date(res, name, strtoll(seconds, NULL, 10), CS_HEADER_ADD));
    } else if (strcmp(op, "cookie") == 0)
        note_int(cs_res_cookie(res, &cookie));
    else if (strcmp(op, "writev") == 0)
        note_int(write_pieces(res, value));
    else if (strcmp(op, "printf") == 0)
        note_int(cs_res_printf(res, "%s and %d", value, 7));
    else if (strcmp(op, "static") == 0)
        note_int(cs_res_write_static(res, "constant", 8));
    else if (strcmp(op, "file") == 0)
        note_int(cs_res_send_file(res, open(value, O_RDONLY | O_CLOEXEC), 2, 3));
}

/* Many bytes: ten for each of N. */
static void do_fill(cs_response *res, long n)
{
    int rc = CS_OK;
    while (n-- > 0 && rc == CS_OK)
        rc = cs_res_write(res, "0123456789", 10);
    note_int(rc);
}

static void do_hints(cs_response *res, long n)
{
    int rc = CS_OK;
    while (n-- > 0 && rc == CS_OK)
        rc = cs_res_early_hints(res);
    note_int(rc);
}

static int script(cs_request *req, cs_response *res)
{
    cs_str op, value;
    int rc = CS_OK;
    seen[0] = '\0';
    for (uint32_t i = 0; cs_req_param_at(req, i, &op, &value) == CS_OK; i++) {
        if (strcmp(op.ptr, "fill") == 0)
            do_fill(res, atol(value.ptr));
        else if (strcmp(op.ptr, "hints-many") == 0)
            do_hints(res, atol(value.ptr));
        else if (strcmp(op.ptr, "return") == 0)
            rc = atoi(value.ptr);
        do_header(res, op.ptr, value.ptr);
        do_whole(res, op.ptr, value.ptr);
        do_plain(res, op.ptr, value.ptr);
        do_more(res, op.ptr, value.ptr);
    }
    return rc;
}

/* All cookies, then the first and second "a". */
static int cookies(cs_request *req, cs_response *res)
{
    cs_str name, value;
    uint32_t i = 0;
    for (; cs_req_cookie_at(req, i, &name, &value) == CS_OK; i++)
        cs_res_printf(res, "[%s=%s]", name.ptr, value.ptr);
    const char *a = cs_req_cookie(req, "a"), *second = cs_req_cookie_str(req, "a", 1).ptr;
    return cs_res_printf(res, " %s %s %d", a ? a : "-", second ? second : "-",
                         cs_req_cookie_at(req, i, &name, &value));
}

struct newer { /* as a module of a later server might pass it */
    cs_cookie known;
    int64_t unknown;
};

/* Every member in use, one each left out, replaced, refused. */
static int set_cookies(cs_request *req, cs_response *res)
{
    const char *bad = cs_req_param(req, "bad");
    cs_cookie all = {.size = sizeof(all),
                     .name = "all",
                     .value = "1",
                     .path = "/calls",
                     .domain = "a.example",
                     .max_age = 100,
                     .secure = 1,
                     .http_only = 1,
                     .same_site = CS_SAME_SITE_NONE,
                     .partitioned = 1};
    cs_cookie plain = {.size = sizeof(plain), .name = "plain", .value = bad ? bad : "v"};
    cs_cookie gone = {.size = sizeof(gone), .name = "gone", .max_age = -1, .expires = 784111777};
    struct newer later = {.known = plain}, strange = {.known = plain, .unknown = 1};
    cs_cookie odd = {.size = sizeof(odd), .name = "odd", .value = "v", .same_site = 4};
    cs_cookie two = {.size = sizeof(two), .name = "odd", .value = "v", .secure = 2};
    cs_cookie small = {.size = 8, .name = "odd", .value = "v"};
    later.known.size = strange.known.size = sizeof(later);
    later.known.value = "newer";
    int rc[] = {cs_res_cookie(res, &all),
                cs_res_cookie(res, &plain),
                cs_res_cookie(res, &gone),
                cs_res_cookie(res, &later.known),
                cs_res_cookie(res, &strange.known),
                cs_res_cookie(res, &odd),
                cs_res_cookie(res, &two),
                cs_res_cookie(res, &small),
                cs_res_cookie(res, NULL)};
    for (size_t i = 0; i < sizeof(rc) / sizeof(rc[0]); i++)
        cs_res_printf(res, "%d ", rc[i]);
    cs_res_flush(res);
    return cs_res_printf(res, "%d", cs_res_cookie(res, &plain));
}

static int tell_seen(cs_request *req, cs_response *res)
{
    (void)req;
    return cs_res_puts(res, seen);
}

static const cs_servlet servlets[] = {
    {.name = "do", .url_patterns = "/do /deep/down/do", .service = script},
    {.name = "cookies", .url_patterns = "/cookies", .get = cookies},
    {.name = "set-cookies", .url_patterns = "/set-cookies", .get = set_cookies},
    {.name = "seen", .url_patterns = "/seen", .get = tell_seen},
};

CS_WEBAPP("calls", "1.0", .servlets = CS_ROWS(servlets))
