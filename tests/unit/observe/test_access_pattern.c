/* SPDX-License-Identifier: Apache-2.0
 * Patterns of access logs: what each code renders to, for a full and for an empty exchange; escapes, so
 * that no client forges a line; JSON; what is refused, with its place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "base/thread.h"
#include "observe/access_priv.h"

/* 2026-11-23 02:24:49.057 UTC */
#define MOMENT_US 1795400689057000

static const uint8_t v4[4] = {192, 0, 2, 1}, proxy4[4] = {10, 0, 0, 255};
static const uint8_t v6[16] = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x0f, 0, 0x01};
static const uint8_t loop6[16] = {[15] = 1}, link6[16] = {0xfe, 0x80, [15] = 9};

static struct span request_field(struct span name, uint32_t nth)
{
    static const struct {
        const char *name, *value;
    } rows[] = {{"User-Agent", "curl/7.88"},
                {"Empty", ""},
                {"X-Two", "one"},
                {"X-Two", "t\"wo"},
                {"Cookie", "a=1; b=\"2 3\";c=;a=4"},
                {"Cookie", "d = 5 ;nothing;=x; a=6"}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (span_ieq(name, span_of(rows[i].name)) && nth-- == 0)
            return span_of(rows[i].value);
    return SPAN_NONE;
}

static struct span lookup(const void *arg, enum access_source source, struct span name,
                          uint32_t nth, char scratch[ACCESS_SCRATCH])
{
    (void)arg;
    if (source == ACCESS_REQUEST_FIELD)
        return request_field(name, nth);
    if (nth > 0)
        return SPAN_NONE;
    if (source == ACCESS_RESPONSE_FIELD && span_ieq(name, SPAN_LIT("Content-Length"))) {
        int n = snprintf(scratch, ACCESS_SCRATCH, "%d", 1234);
        return span_make(scratch, (size_t)n);
    }
    if (source == ACCESS_REQUEST_ATTRIBUTE && span_eq(name, SPAN_LIT("place")))
        return SPAN_LIT("here");
    if (source == ACCESS_SESSION_ATTRIBUTE && span_eq(name, SPAN_LIT("cart")))
        return SPAN_LIT("full");
    return SPAN_NONE;
}

static struct access_fields full(void)
{
    return (struct access_fields){
        .method = SPAN_LIT("GET"),
        .target = SPAN_LIT("/a%20b?x=1&y"),
        .path = SPAN_LIT("/a%20b"),
        .query = SPAN_LIT("x=1&y"),
        .version = 11,
        .status = 200,
        .keeps = true,
        .bytes = 1234,
        .started_us = 5000000,
        .committed_us = 5042900,
        .ended_us = 7345678,
        .connection = 4294967297u,
        .host = SPAN_LIT("example.org"),
        .user = SPAN_LIT("ann"),
        .session = SPAN_LIT("5E55"),
        .peer = {.bytes = proxy4, .port = 50000, .family = 4},
        .local = {.bytes = v4, .port = 8080, .family = 4},
        .remote = {.bytes = v6, .family = 6},
        .remote_host = SPAN_LIT("client.example"),
        .protocol = SPAN_LIT("HTTP/2.0"),
        .server_port = 443,
        .lookup = lookup,
    };
}

static const char *render_options(const struct access_log_options *o, const struct access_fields *f)
{
    static char out[8192];
    struct access_pattern p;
    struct err err = ERR_INIT;
    if (!access_pattern_make(&p, o, &err))
        fail_msg("%s: %s. %s. %s", o->pattern, err.what, err.why, err.hint);
    struct access_line line = {.p = out, .size = sizeof(out) - 1, .wall_us = MOMENT_US};
    access_render(&p, f, &line);
    access_pattern_end(&p);
    assert_in_range(line.n, 1, line.size);
    assert_int_equal(out[line.n - 1], '\n'); /* one at the end, and no other */
    assert_ptr_equal(memchr(out, '\n', line.n), out + line.n - 1);
    out[line.n - 1] = '\0';
    return out;
}

static const char *render(const char *pattern, const struct access_fields *f)
{
    struct access_log_options o = ACCESS_LOG_DEFAULTS;
    o.pattern = pattern;
    return render_options(&o, f);
}

static const char *render_json(const char *pattern, const struct access_fields *f)
{
    struct access_log_options o = ACCESS_LOG_DEFAULTS;
    o.form = ACCESS_JSON;
    o.pattern = pattern;
    return render_options(&o, f);
}

static int set_up(void **state)
{
    (void)state;
    setlocale(LC_ALL, "de_DE.UTF-8");
    setenv("TZ", "Asia/Kolkata", 1);
    tzset();
    return 0;
}

static const struct {
    const char *pattern, *full, *empty;
} codes[] = {
    {"%a %{remote}a %{peer}a", "10.0.0.255 10.0.0.255 10.0.0.255", "- - -"},
    {"%A", "192.0.2.1", "-"},
    {"%b %B", "1234 1234", "- 0"},
    {"%{a}c|%{b}c|%{c}c|%{d}c|%{e}c|%{A}c", "1,4,6|2 3||5|-|-", "-|-|-|-|-|-"},
    {"%D %F", "2345678 42", "0 -"},
    {"%T %{s}T %{ms}T %{us}T %{ns}T %{fracsec}T", "2 2 2345 2345678 2345678000 2.345",
     "0 0 0 0 0 0.000"},
    {"%h", "10.0.0.255", "-"},
    {"%H", "HTTP/1.1", "-"},
    {"%{user-agent}i|%{Empty}i|%{X-Two}i|%{None}i", "curl/7.88|-|one,t\\\"wo|-", "-|-|-|-"},
    {"%{content-length}o %{None}o", "1234 -", "- -"},
    {"%I", "main", "main"},
    {"%l", "-", "-"},
    {"%{c}L", "4294967297", "0"},
    {"%m", "GET", "-"},
    {"%p %{local}p %{remote}p", "8080 8080 50000", "0 0 0"},
    {"%U%q", "/a%20b?x=1&y", "-"},
    {"%r", "GET /a%20b?x=1&y HTTP/1.1", "-"},
    {"%{place}r %{None}r", "here -", "- -"},
    {"%s", "200", "-"},
    {"%{cart}s %{None}s", "full -", "- -"},
    {"%S %u", "5E55 ann", "- -"},
    {"%t", "[23/Nov/2026:07:54:49 +0530]", "[23/Nov/2026:07:54:49 +0530]"},
    {"%{begin}t %{end}t", "[23/Nov/2026:07:54:46 +0530] [23/Nov/2026:07:54:49 +0530]", NULL},
    {"%{sec}t %{msec}t %{msec_frac}t", "1795400689 1795400689057 057", NULL},
    {"%{begin:sec}t %{end:sec}t %{begin:msec}t %{begin:msec_frac}t",
     "1795400686 1795400689 1795400686711 711", NULL},
    {"%{yyyy-MM-dd'T'HH:mm:ss.SSSXXX}t", "2026-11-23T07:54:49.057+05:30", NULL},
    {"%{begin:HH:mm:ss}t %{end:E}t", "07:54:46 Mon", NULL},
    {"%v", "example.org", "-"},
    {"%X", "+", "-"},
    {"%%%m%%", "%GET%", "%-%"},
    {"common",
     "10.0.0.255 - ann [23/Nov/2026:07:54:49 +0530] \"GET /a%20b?x=1&y HTTP/1.1\" 200 1234",
     "- - - [23/Nov/2026:07:54:49 +0530] \"-\" - -"},
    {"combined",
     "10.0.0.255 - ann [23/Nov/2026:07:54:49 +0530] \"GET /a%20b?x=1&y HTTP/1.1\" 200 1234 \"-\" "
     "\"curl/7.88\"",
     "- - - [23/Nov/2026:07:54:49 +0530] \"-\" - - \"-\" \"-\""},
};

static void each_code_has_its_value(void **state)
{
    (void)state;
    const struct access_fields f = full(), nothing = {.status = 0};
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        const char *got = render(codes[i].pattern, &f);
        if (strcmp(got, codes[i].full) != 0)
            fail_msg("%s: %s, not %s", codes[i].pattern, got, codes[i].full);
        got = render(codes[i].pattern, &nothing);
        if (codes[i].empty && strcmp(got, codes[i].empty) != 0)
            fail_msg("%s of nothing: %s, not %s", codes[i].pattern, got, codes[i].empty);
    }
}

/* No row of the table is without a test above. */
static void no_code_is_forgotten(void **state)
{
    (void)state;
    bool seen[ACCESS_CODE_COUNT] = {false};
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        struct access_log_options o = ACCESS_LOG_DEFAULTS;
        struct access_pattern p;
        struct err err = ERR_INIT;
        o.pattern = codes[i].pattern;
        assert_true(access_pattern_make(&p, &o, &err));
        for (uint32_t k = 0; k < p.count; k++)
            seen[p.v[k].code] = true;
        access_pattern_end(&p);
    }
    for (int i = 0; i < ACCESS_CODE_COUNT; i++)
        if (!seen[i])
            fail_msg("%%%c %s has no test", access_rows[i].letter, access_rows[i].key);
}

static void forwarding_headers_count_when_asked_for(void **state)
{
    (void)state;
    const struct access_fields f = full();
    struct access_fields untold = full();
    struct access_log_options o = ACCESS_LOG_DEFAULTS;
    o.pattern = "%a %h %{peer}a %H %p";
    assert_string_equal(render_options(&o, &f), "10.0.0.255 10.0.0.255 10.0.0.255 HTTP/1.1 8080");
    o.request_attributes_enabled = true;
    assert_string_equal(render_options(&o, &f),
                        "2001:db8:0:0:0:0:f:1 client.example 10.0.0.255 HTTP/2.0 443");
    untold.remote.family = 0;
    untold.remote_host = untold.protocol = SPAN_NONE;
    untold.server_port = 0;
    assert_string_equal(render_options(&o, &untold),
                        "10.0.0.255 10.0.0.255 10.0.0.255 HTTP/1.1 8080");
}

static void ipv6_is_long_or_canonical(void **state)
{
    (void)state;
    struct access_fields f = full();
    struct access_log_options o = ACCESS_LOG_DEFAULTS;
    o.pattern = "%a %A";
    f.peer = (struct access_address){.bytes = loop6, .family = 6};
    f.local = (struct access_address){.bytes = link6, .family = 6, .scope = 2};
    assert_string_equal(render_options(&o, &f), "0:0:0:0:0:0:0:1 fe80:0:0:0:0:0:0:9%2");
    o.ipv6_canonical = true;
    assert_string_equal(render_options(&o, &f), "::1 fe80::9%2");
    f.peer.bytes = v6;
    assert_string_equal(render_options(&o, &f), "2001:db8::f:1 fe80::9%2");
}

static void the_connection_says_how_it_went_on(void **state)
{
    (void)state;
    struct access_fields f = full();
    f.keeps = false;
    assert_string_equal(render("%X", &f), "-");
    f.keeps = f.aborted = true;
    assert_string_equal(render("%X", &f), "X");
}

static void what_was_no_request_line_is_shown(void **state)
{
    (void)state;
    struct access_fields f = {.status = 400, .raw_line = SPAN_LIT("\x16\x03\x01 \"x\" \\\xff\n\t")};
    assert_string_equal(render("\"%r\" %m %U %s", &f),
                        "\"\\x16\\x03\\x01 \\\"x\\\" \\\\\\xff\\n\\t\" - - 400");
    f = (struct access_fields){.method = SPAN_LIT("GET"), .target = SPAN_LIT("/x")};
    assert_string_equal(render("%r", &f), "GET /x"); /* the version was not known */
    f.target = SPAN_NONE;
    assert_string_equal(render("%r", &f), "GET -");
}

/* Every byte in every place that a client fills. */
static void no_client_forges_a_line(void **state)
{
    (void)state;
    char all[256];
    for (int i = 0; i < 256; i++)
        all[i] = (char)i;
    struct access_fields f = {.version = 11, .status = 200};
    f.method = f.target = f.path = f.query = f.raw_line = f.host = f.user = f.session =
        f.remote_host = f.protocol = span_make(all, sizeof(all));
    struct access_log_options o = ACCESS_LOG_DEFAULTS;
    o.request_attributes_enabled = true;
    o.pattern = "%m\"%r\"%U\"%q\"%v\"%u\"%S\"%h\"%H";
    const char *line = render_options(&o, &f);
    size_t quotes = 0;
    for (const char *c = line; *c; c++) {
        assert_in_range((unsigned char)*c, 0x20, 0x7e);
        if (*c == '\\')
            c++;
        else
            quotes += *c == '"';
    }
    assert_int_equal(quotes, 8);
    assert_string_equal(
        render("%u", &(struct access_fields){.user = SPAN_LIT("\x1b\b\f\v\x7f\xc3\xa9")}),
        "\\x1b\\b\\f\\v\\x7f\\xc3\\xa9");
}

static void json_has_one_member_per_code(void **state)
{
    (void)state;
    const struct access_fields f = full();
    assert_string_equal(
        render_json("common", &f),
        "{\"host\":\"10.0.0.255\",\"logicalUserName\":\"-\",\"user\":\"ann\","
        "\"time\":\"[23/Nov/2026:07:54:49 +0530]\",\"request\":\"GET /a%20b?x=1&y HTTP/1.1\","
        "\"statusCode\":\"200\",\"size\":\"1234\"}");
    assert_string_equal(
        render_json("x %{User-Agent}i %{a}c %s %{Empty}i %s %{Content-Length}o %{place}r %{cart}s "
                    "%{User-Agent}i y",
                    &f),
        "{\"statusCode\":\"200\",\"cookies\":{\"a\":\"1,4,6\"},\"requestHeaders\":{"
        "\"User-Agent\":\"curl/7.88\",\"Empty\":\"-\"},\"responseHeaders\":{\"Content-Length\":"
        "\"1234\"},\"requestAttributes\":{\"place\":\"here\"},\"sessionAttributes\":{\"cart\":"
        "\"full\"}}");
    assert_string_equal(render_json("%{a}c", &f), "{\"cookies\":{\"a\":\"1,4,6\"}}");
    assert_string_equal(render_json("%{peer}a %a %{begin:sec}t", &f),
                        "{\"remoteAddr-peer\":\"10.0.0.255\",\"remoteAddr\":\"10.0.0.255\","
                        "\"time-begin:sec\":\"1795400686\"}");
    assert_string_equal(render_json("%{a\"\\b}i", &f),
                        "{\"requestHeaders\":{\"a\\\"\\\\b\":\"-\"}}");
}

static void json_strings_are_json(void **state)
{
    (void)state;
    struct access_fields f = full();
    f.user = SPAN_LIT("a\"\\/\b\f\n\r\t\v\x01\x7f\xc3\xa9\xf0\x9f\x98\x80\xff\xc2\x85\xc0\x80\xe2");
    assert_string_equal(render_json("%u", &f),
                        "{\"user\":\"a\\\"\\\\/\\b\\f\\n\\r\\t\\u000b\\u0001\\u007f\xc3\xa9"
                        "\xf0\x9f\x98\x80\xef\xbf\xbd\\u0085\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
                        "\"}");
}

static void literals_are_in_the_file_s_encoding(void **state)
{
    (void)state;
    const struct access_fields f = full();
    struct access_log_options o = ACCESS_LOG_DEFAULTS;
    o.pattern = "\xc3\xa9\xc2\xa0 %m";
    assert_string_equal(render_options(&o, &f), "\xc3\xa9\xc2\xa0 GET");
    o.encoding = "iso-8859-1";
    assert_string_equal(render_options(&o, &f), "\xe9\xa0 GET");
    o.pattern = "%m";
    o.encoding = "US-ASCII";
    assert_string_equal(render_options(&o, &f), "GET");
}

static void bad_patterns_are_refused_with_their_place(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *encoding, *what, *hint;
        enum access_form form;
    } rows[] = {
        {"%m %Z", NULL, "%Z at character 4 of the pattern is no code of an access log",
         "There are: %a %{remote}a %{peer}a %A", ACCESS_TEXT},
        {"%{foo}a", NULL, "%{foo}a at character 1 of the pattern is no code of an access log",
         "With this letter there are: %a %{remote}a %{peer}a", ACCESS_TEXT},
        {"%i", NULL, "%i at character 1 of the pattern is no code of an access log",
         "With this letter there are: %{name}i", ACCESS_TEXT},
        {"%{}i", NULL, "%{}i at character 1 of the pattern is no code of an access log", "",
         ACCESS_TEXT},
        {"%{x}m", NULL, "%{x}m at character 1 of the pattern is no code of an access log",
         "With this letter there are: %m", ACCESS_TEXT},
        {"%{x}%", NULL, "%{x}% at character 1 of the pattern is no code of an access log", "",
         ACCESS_TEXT},
        {"ab %{x", NULL, "the { at character 5 of the pattern has no }", "", ACCESS_TEXT},
        {"ab %", NULL, "the pattern ends within a code: nothing follows the % at character 4", "",
         ACCESS_TEXT},
        {"ab %{x}", NULL, "the pattern ends within a code: nothing follows the % at character 4",
         "", ACCESS_TEXT},
        {"%m %{ww}t", NULL, "%{ww}t at character 4 of the pattern is no date", "Letters are",
         ACCESS_TEXT},
        {"%{begin:msec:x}t", NULL, "%{begin:msec:x}t at character 1 of the pattern is no date",
         "Letters are", ACCESS_TEXT},
        {"", NULL, "the pattern of an access log is empty", "", ACCESS_TEXT},
        {"abc", NULL, "the pattern of a JSON access log needs at least one code", "", ACCESS_JSON},
        {"%m", "UTF-16", "an access log cannot be written in the encoding UTF-16",
         "It is UTF-8, US-ASCII or ISO-8859-1", ACCESS_TEXT},
        {"%m", "US-ASCII", "an access log in JSON cannot be written in the encoding US-ASCII",
         "It is UTF-8", ACCESS_JSON},
        {"\xc3\xa9%m", "US-ASCII", "the pattern has a character that US-ASCII does not have", "",
         ACCESS_TEXT},
        {"\xe2\x82\xac%m", "ISO-8859-1",
         "the pattern has a character that ISO-8859-1 does not have", "", ACCESS_TEXT},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct access_log_options o = ACCESS_LOG_DEFAULTS;
        struct access_pattern p;
        struct err err = ERR_INIT;
        o.pattern = rows[i].pattern;
        o.form = rows[i].form;
        if (rows[i].encoding)
            o.encoding = rows[i].encoding;
        assert_false(access_pattern_make(&p, &o, &err));
        access_pattern_end(&p);
        assert_string_equal(err.what, rows[i].what);
        if (strncmp(err.hint, rows[i].hint, strlen(rows[i].hint)) != 0)
            fail_msg("%s: %s", rows[i].what, err.hint);
    }
}

static void what_does_not_fit_is_told(void **state)
{
    (void)state;
    const struct access_fields f = full();
    struct access_log_options o = ACCESS_LOG_DEFAULTS;
    struct access_pattern p;
    struct err err = ERR_INIT;
    char out[256];
    o.pattern = "combined";
    assert_true(access_pattern_make(&p, &o, &err));
    struct access_line line = {.p = out, .size = sizeof(out), .wall_us = MOMENT_US};
    access_render(&p, &f, &line);
    size_t whole = line.n;
    assert_in_range(whole, 90, 200);
    for (line.size = 0; line.size <= whole; line.size++) {
        memset(out, '#', sizeof(out));
        access_render(&p, &f, &line);
        assert_int_equal(line.n <= line.size, line.size == whole);
        assert_int_equal(out[line.size], '#');
    }
    access_pattern_end(&p);
}

#define ROW(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW(each_code_has_its_value),
        ROW(no_code_is_forgotten),
        ROW(forwarding_headers_count_when_asked_for),
        ROW(ipv6_is_long_or_canonical),
        ROW(the_connection_says_how_it_went_on),
        ROW(what_was_no_request_line_is_shown),
        ROW(no_client_forges_a_line),
        ROW(json_has_one_member_per_code),
        ROW(json_strings_are_json),
        ROW(literals_are_in_the_file_s_encoding),
        ROW(bad_patterns_are_refused_with_their_place),
        ROW(what_does_not_fit_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
