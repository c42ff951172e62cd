/* SPDX-License-Identifier: Apache-2.0
 * What the connector tells access logs: leased and posted answers, refusals before and after a destination
 * is known, aborted answers, clients that leave. One line each, and none where no log is. */
#include "connector_rig.h"

#include "base/buf.h"
#include "base/path.h"
#include "observe/access_log.h"

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"

static char folder[64], file[128], piece[200000];
static struct access_log *log_of_test;
static struct access_logs *logs;

static bool path_is(const struct exchange *x, const char *path)
{
    return span_eq(x->req.uri.path, span_of(path));
}

static void serve(struct engine *e, struct exchange *x)
{
    (void)e;
    if (path_is(x, "/abort")) {
        response_write(x, SPAN_LIT("begun"));
        response_flush(x);
        response_abort(x);
    } else if (path_is(x, "/chunked")) {
        response_write(x, SPAN_LIT("some"));
        response_flush(x);
        response_write(x, SPAN_LIT("more"));
    } else if (path_is(x, "/close")) {
        x->res.close = true;
        x->res.status = 404;
        headers_add_copy(&x->res.headers, &x->arena, SPAN_LIT("X-Two"), SPAN_LIT("one"));
        headers_add_copy(&x->res.headers, &x->arena, SPAN_LIT("x-two"), SPAN_LIT("two"));
    } else if (path_is(x, "/big")) {
        for (int i = 0; i < 100; i++)
            response_write(x, span_make(piece, sizeof(piece)));
    } else {
        response_write(x, x->req.uri.path);
    }
}

static void route(struct engine *e, const struct exchange *x, struct route *out)
{
    (void)e;
    if (path_is(x, "/refuse")) {
        out->mode = ROUTE_REFUSE;
        out->refuse_status = 403;
    } else if (path_is(x, "/unlogged")) {
        out->logs = NULL;
    }
}

static const char pattern[] =
    "%a|%v|%m|%U%q|%H|%s|%B|%X|%r|%{Content-Length}o|%{Transfer-Encoding}o|"
    "%{Connection}o|%{X-Two}o|%{Host}i";

static int set_up(void **state)
{
    static struct rig r;
    struct err err = ERR_INIT;
    struct access_log_options o = ACCESS_LOG_DEFAULTS;
    snprintf(folder, sizeof(folder), "/tmp/cserv-access-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(file, sizeof(file), "%s/access", folder);
    o.base = o.directory = folder;
    o.prefix = "access";
    o.pattern = pattern;
    o.rotatable = false;
    log_of_test = access_log_open(&o, &err);
    if (!log_of_test || !access_logs_join(&log_of_test, 1, NULL, &logs, &err))
        return -1;
    rig_init(&r, serve);
    r.engine.route = route;
    r.engine.logs = logs;
    rig_start(&r);
    *state = &r;
    return 0;
}

static int tear_down(void **state)
{
    struct err err = ERR_INIT;
    rig_stop(*state);
    access_log_close(&log_of_test);
    free(logs);
    return path_remove_tree(folder, &err) ? 0 : -1;
}

/* Terminated, valid until the next call. */
static const char *written(void)
{
    static struct buf text;
    struct err err = ERR_INIT;
    buf_clear(&text);
    assert_true(access_logs_flush(RIG_SILENCE * 1000));
    assert_true(path_read_file(file, 1 << 20, &text, &err));
    return buf_cstr(&text);
}

static void expect_lines(const char *lines)
{
    /* The line of the answer that was just received is recorded before or right after its last byte. */
    uint64_t limit = clock_us() + RIG_SILENCE * 1000000u;
    while (strlen(written()) < strlen(lines) && clock_us() < limit)
        poll(NULL, 0, 1);
    assert_string_equal(written(), lines);
}

static void answers_have_their_facts(void **state)
{
    int fd = client_connect(*state, 0);
    client_send(fd, GET("/one%20x?q=1") GET("/two?"));
    assert_int_equal(client_answer(fd, "/one x"), 200);
    assert_int_equal(client_answer(fd, "/two"), 200);
    client_send(fd, "HEAD /three HTTP/1.1\r\nHost: b:80\r\n\r\n");
    char head[2048];
    client_head(fd, head, sizeof(head));
    client_send(fd, GET("/close"));
    assert_int_equal(client_answer(fd, ""), 404);
    client_expect_end(fd);
    expect_lines(
        "127.0.0.1|a|GET|/one%20x?q=1|HTTP/1.1|200|6|+|GET /one%20x?q=1 HTTP/1.1|6|-|-|-|a\n"
        "127.0.0.1|a|GET|/two?|HTTP/1.1|200|4|+|GET /two? HTTP/1.1|4|-|-|-|a\n"
        "127.0.0.1|b|HEAD|/three|HTTP/1.1|200|0|+|HEAD /three HTTP/1.1|6|-|-|-|b:80\n"
        "127.0.0.1|a|GET|/close|HTTP/1.1|404|0|-|GET /close HTTP/1.1|0|-|close|one,two|a\n");
}

static void old_and_chunked_answers(void **state)
{
    int fd = client_connect(*state, 0);
    client_send(fd, GET("/chunked"));
    char head[2048];
    client_head(fd, head, sizeof(head));
    client_expect(fd, "4\r\nsome\r\n4\r\nmore\r\n0\r\n\r\n");
    client_send(fd, "GET /old HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    assert_int_equal(client_answer(fd, "/old"), 200);
    close(fd);
    expect_lines(
        "127.0.0.1|a|GET|/chunked|HTTP/1.1|200|8|+|GET /chunked HTTP/1.1|-|chunked|-|-|a\n"
        "127.0.0.1|127.0.0.1|GET|/old|HTTP/1.0|200|4|+|GET /old HTTP/1.0|4|-|keep-alive|-|-\n");
}

static void refusals_are_logged(void **state)
{
    struct rig *r = *state;
    static const struct {
        const char *bytes, *line;
    } rows[] = {
        {"\x16\x03\x01 \"\\\r\n",
         "127.0.0.1|127.0.0.1|-|-|-|400|%B|-|\\x16\\x03\\x01 \\\"\\\\|-|-|-|-|-\n"},
        {"GET /x HTTP/9.9\r\n",
         "127.0.0.1|127.0.0.1|GET|/x|-|505|%B|-|GET /x HTTP/9.9|-|-|-|-|-\n"},
        {"GET /x?y HTTP/1.1\r\nBad Field: 1\r\n",
         "127.0.0.1|127.0.0.1|GET|/x?y|HTTP/1.1|400|%B|-|GET /x?y HTTP/1.1|-|-|-|-|-\n"},
        {"GET /%2e%2e/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
         "127.0.0.1|a|GET|/%2e%2e/x|HTTP/1.1|400|%B|-|GET /%2e%2e/x HTTP/1.1|-|-|-|-|a\n"},
        {"GET /refuse HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
         "127.0.0.1|a|GET|/refuse|HTTP/1.1|403|%B|-|GET /refuse HTTP/1.1|-|-|-|-|a\n"},
        {"FLY /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
         "127.0.0.1|a|FLY|/x|HTTP/1.1|501|%B|-|FLY /x HTTP/1.1|-|-|-|-|a\n"},
    };
    char all[4096] = "";
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        int fd = client_connect(r, 0);
        client_send(fd, rows[i].bytes);
        char head[2048], body[2048], size[24];
        client_head(fd, head, sizeof(head));
        ssize_t n = 0;
        for (ssize_t got; (got = client_read(fd, body, sizeof(body))) > 0;)
            n += got;
        close(fd);
        snprintf(size, sizeof(size), "%zd", n); /* what the log tells is what was sent */
        const char *mark = strstr(rows[i].line, "%B");
        size_t used = strlen(all);
        snprintf(all + used, sizeof(all) - used, "%.*s%s%s", (int)(mark - rows[i].line),
                 rows[i].line, size, mark + 2);
        expect_lines(all);
    }
}

static void unfinished_answers_say_so(void **state)
{
    struct rig *r = *state;
    int fd = client_connect(r, 0);
    client_send(fd, GET("/abort"));
    char byte;
    while (client_read(fd, &byte, 1) > 0)
        continue;
    close(fd);
    expect_lines("127.0.0.1|a|GET|/abort|HTTP/1.1|200|5|X|GET /abort HTTP/1.1|-|chunked|-|-|a\n");
    fd = client_connect(r, 4096); /* posted: its socket is full at once */
    client_send(fd, GET("/big"));
    client_expect(fd, "HTTP/1.1 200 OK\r\n");
    struct linger reset = {.l_onoff = 1};
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)), 0);
    close(fd);
    rig_await(strstr(written(), "|X|GET /big HTTP/1.1|"));
    rig_await(r->engine.done == 2);
    const char *text = written(), *line = strchr(text, '\n') + 1;
    assert_ptr_equal(strchr(line, '\n'),
                     text + strlen(text) - 1); /* one line, though two sides end it */
}

static void posted_answers_are_logged_once(void **state)
{
    struct rig *r = *state;
    static char got[65536];
    int fd = client_connect(r, 0);
    client_send(fd, "GET /big HTTP/1.0\r\n\r\n");
    char head[2048];
    client_head(fd, head, sizeof(head));
    poll(NULL, 0, 50); /* so that the socket fills, whatever the machine does */
    size_t n = 0;
    for (ssize_t more; (more = client_read(fd, got, sizeof(got))) > 0;)
        n += (size_t)more;
    close(fd);
    assert_int_equal(n, 100 * sizeof(piece));
    expect_lines(
        "127.0.0.1|127.0.0.1|GET|/big|HTTP/1.0|200|20000000|-|GET /big HTTP/1.0|-|-|close|-|-\n");
}

static void nothing_is_logged_where_no_log_is(void **state)
{
    int fd = client_connect(*state, 0);
    client_send(fd, GET("/unlogged"));
    assert_int_equal(client_answer(fd, "/unlogged"), 200);
    client_send(fd, GET("/logged"));
    assert_int_equal(client_answer(fd, "/logged"), 200);
    close(fd);
    expect_lines("127.0.0.1|a|GET|/logged|HTTP/1.1|200|7|+|GET /logged HTTP/1.1|7|-|-|-|a\n");
}

#define ROW(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW(answers_have_their_facts),
        ROW(old_and_chunked_answers),
        ROW(refusals_are_logged),
        ROW(unfinished_answers_say_so),
        ROW(posted_answers_are_logged_once),
        ROW(nothing_is_logged_where_no_log_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
