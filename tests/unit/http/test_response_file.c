/* SPDX-License-Identifier: Apache-2.0
 * response_send_file over a mock channel: order, the announced length, answers without a body, what is
 * refused; and the descriptor is closed whatever happens. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "http/response.h"

static struct {
    struct buf body;
    unsigned files;
    enum channel_result result;
} channel;

static enum channel_result mock_write(struct exchange *x, struct span bytes,
                                      chain_release_fn *release, void *arg)
{
    (void)x;
    assert_null(release);
    assert_null(arg);
    if (channel.result == CHANNEL_OK)
        assert_true(buf_append_span(&channel.body, bytes));
    return channel.result;
}

static enum channel_result mock_send_file(struct exchange *x, int fd, uint64_t offset,
                                          uint64_t length)
{
    char bytes[64];
    (void)x;
    channel.files++;
    assert_in_range(length, 1, sizeof(bytes));
    assert_int_equal(pread(fd, bytes, length, (off_t)offset), length);
    if (channel.result == CHANNEL_OK)
        assert_true(buf_append(&channel.body, bytes, length));
    close(fd);
    return channel.result;
}

static enum channel_result mock_finish(struct exchange *x)
{
    (void)x;
    return channel.result;
}

static const struct channel_ops mock = {
    .write = mock_write,
    .send_file = mock_send_file,
    .read = exchange_read_body,
    .finish = mock_finish,
};

static struct exchange *x;

static int set_up(void **state)
{
    (void)state;
    memset(&channel, 0, sizeof(channel));
    x = exchange_new();
    if (!x)
        return -1;
    x->channel = &mock;
    x->req.method = METHOD_GET;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    exchange_release(&x);
    buf_free(&channel.body);
    return 0;
}

static void expect_body(const char *bytes)
{
    assert_string_equal(buf_cstr(&channel.body), bytes);
}

/* Of the ten bytes 0123456789. Whatever happens, the descriptor is closed. */
static enum response_result send_file(int64_t offset, int64_t length)
{
    FILE *f = tmpfile();
    assert_non_null(f);
    assert_int_equal(fputs("0123456789", f), 1);
    fflush(f);
    int fd = fcntl(fileno(f), F_DUPFD_CLOEXEC, 100);
    assert_true(fd >= 100);
    fclose(f);
    enum response_result r = response_send_file(x, fd, offset, length);
    assert_int_equal(fcntl(fd, F_GETFD), -1);
    return r;
}

static void test_file(void **state)
{
    (void)state;
    assert_int_equal(response_write(x, SPAN_LIT("<")), RESPONSE_OK);
    assert_int_equal(send_file(2, 3), RESPONSE_OK); /* behind what was held back */
    assert_int_equal(send_file(10, 0), RESPONSE_OK);
    assert_int_equal(response_write(x, SPAN_LIT(">")), RESPONSE_OK);
    assert_int_equal(x->res.written, 5);
    assert_int_equal(response_finish(x), RESPONSE_OK);
    assert_int_equal(channel.files, 1);
    expect_body("<234>");
    assert_int_equal(send_file(0, 1), RESPONSE_GONE);
}

static void test_file_and_announced_length(void **state)
{
    (void)state;
    x->res.length = 6;
    assert_int_equal(send_file(0, 4), RESPONSE_OK);
    assert_int_equal(send_file(4, 4), RESPONSE_TOO_LONG);
    assert_int_equal(send_file(4, 4), RESPONSE_TOO_LONG);
    assert_int_equal(response_finish(x), RESPONSE_OK);
    expect_body("012345");
    assert_int_equal(channel.files, 2);
}

static void test_file_without_a_body(void **state)
{
    (void)state;
    static const struct {
        enum method method;
        uint16_t status;
    } none[] = {{METHOD_HEAD, 200}, {METHOD_GET, 204}, {METHOD_GET, 304}};
    for (size_t i = 0; i < 3; i++) {
        exchange_reset(x);
        x->channel = &mock;
        x->req.method = none[i].method;
        x->res.status = none[i].status;
        x->res.length = 10;
        assert_int_equal(send_file(0, 10), RESPONSE_OK);
        assert_int_equal(x->res.written, 10);
        assert_int_equal(response_finish(x), RESPONSE_OK);
        assert_int_equal(channel.files, 0);
    }
}

static void test_what_is_no_file_range(void **state)
{
    (void)state;
    assert_int_equal(send_file(-1, 1), RESPONSE_INVALID);
    assert_int_equal(send_file(0, -1), RESPONSE_INVALID);
    assert_int_equal(send_file(8, 3), RESPONSE_INVALID); /* longer than the file */
    assert_int_equal(send_file(11, 0), RESPONSE_INVALID);
    assert_int_equal(send_file(INT64_MAX, INT64_MAX), RESPONSE_INVALID);
    assert_int_equal(response_send_file(x, -1, 0, 0), RESPONSE_INVALID);
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(response_send_file(x, ends[0], 0, 0), RESPONSE_INVALID);
    assert_int_equal(fcntl(ends[0], F_GETFD), -1);
    close(ends[1]);
    assert_false(x->res.committed); /* an error page is still possible */
    assert_int_equal(channel.files, 0);
}

static void test_file_and_a_channel_that_is_gone(void **state)
{
    (void)state;
    channel.result = CHANNEL_GONE;
    assert_int_equal(send_file(0, 1), RESPONSE_GONE);
    channel.result = CHANNEL_NO_MEMORY;
    assert_int_equal(response_write(x, SPAN_LIT("held back")), RESPONSE_NO_MEMORY);
    assert_int_equal(send_file(0, 1), RESPONSE_NO_MEMORY);
    assert_int_equal(x->res.written, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_file),
        TEST(test_file_and_announced_length),
        TEST(test_file_without_a_body),
        TEST(test_what_is_no_file_range),
        TEST(test_file_and_a_channel_that_is_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
