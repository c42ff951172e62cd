/* SPDX-License-Identifier: Apache-2.0
 * base/chain.h: bytes in order through copies, references, moves and partial consumption; every
 * release exactly once, and not before the last byte is gone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/chain.h"
#include "base/check.h"

static void released(void *arg)
{
    ++*(int *)arg;
}

/* The bytes of C, through chain_iov in steps of STEP pieces; C is used up. */
static struct buf drain(struct chain *c, int step)
{
    struct buf all = BUF_EMPTY;
    struct iovec iov[64];
    while (c->len > 0) {
        int n = chain_iov(c, iov, step);
        assert_in_range(n, 1, step);
        size_t bytes = 0;
        for (int i = 0; i < n; i++) {
            assert_true(iov[i].iov_len > 0);
            assert_true(buf_append(&all, iov[i].iov_base, iov[i].iov_len));
            bytes += iov[i].iov_len;
        }
        chain_consume(c, bytes);
    }
    assert_int_equal(chain_iov(c, iov, 64), 0);
    return all;
}

static void expect_bytes(struct chain *c, const char *want)
{
    struct buf all = drain(c, 3);
    assert_string_equal(buf_cstr(&all), want);
    buf_free(&all);
    chain_clear(c);
}

static void test_empty(void **state)
{
    (void)state;
    struct chain c = CHAIN_EMPTY, other = CHAIN_EMPTY;
    struct iovec iov;
    assert_int_equal(chain_iov(&c, &iov, 1), 0);
    chain_consume(&c, 0);
    assert_int_equal(chain_move(&other, &c, SIZE_MAX), 0);
    assert_true(chain_copy(&c, "", 0));
    assert_int_equal(c.len, 0);
    chain_clear(&c);
    chain_clear(&c);
    assert_null(c.first);
    assert_null(c.last);
}

static void test_copies_and_references(void **state)
{
    (void)state;
    struct chain c = CHAIN_EMPTY;
    int gone = 0;
    char text[] = "two ";
    assert_true(chain_copy(&c, "one ", 4));
    assert_true(chain_copy(&c, text, 4));
    text[0] = 'X'; /* was copied */
    assert_true(chain_ref(&c, "three ", 6, released, &gone));
    assert_true(chain_copy(&c, "four", 4));
    assert_int_equal(c.len, 18);
    assert_int_equal(gone, 0);
    expect_bytes(&c, "one two three four");
    assert_int_equal(gone, 1);
}

/* Small copies share a piece; a copy larger than a piece and one that straddles two keep all bytes. */
static void test_many_copies(void **state)
{
    (void)state;
    struct chain c = CHAIN_EMPTY;
    struct buf want = BUF_EMPTY;
    struct iovec iov[64];
    char big[10000];
    for (size_t i = 0; i < sizeof(big); i++)
        big[i] = (char)('a' + i % 26);
    for (int i = 0; i < 1000; i++)
        assert_true(chain_copy(&c, &big[i], 7) && buf_append(&want, &big[i], 7));
    assert_in_range(chain_iov(&c, iov, 64), 1, 4);
    assert_true(chain_copy(&c, big, sizeof(big)) && buf_append(&want, big, sizeof(big)));
    assert_true(chain_copy(&c, "end", 3) && buf_append(&want, "end", 3));
    assert_int_equal(c.len, buf_len(&want));
    struct buf got = drain(&c, 2);
    assert_true(span_eq(buf_span(&got), buf_span(&want)));
    buf_free(&got);
    buf_free(&want);
    chain_clear(&c);
}

static void test_release_after_the_last_byte(void **state)
{
    (void)state;
    struct chain c = CHAIN_EMPTY;
    int first = 0, second = 0;
    assert_true(chain_ref(&c, "abc", 3, released, &first));
    assert_true(chain_ref(&c, "de", 2, released, &second));
    chain_consume(&c, 2);
    assert_int_equal(first, 0);
    chain_consume(&c, 1);
    assert_int_equal(first, 1);
    assert_int_equal(second, 0);
    chain_consume(&c, 1);
    assert_int_equal(second, 0);
    chain_clear(&c); /* dropped with a byte left */
    assert_int_equal(first, 1);
    assert_int_equal(second, 1);
    assert_int_equal(c.len, 0);
}

static void test_empty_reference_is_released(void **state)
{
    (void)state;
    struct chain c = CHAIN_EMPTY;
    int gone = 0;
    struct iovec iov;
    assert_true(chain_ref(&c, "", 0, released, &gone));
    assert_int_equal(chain_iov(&c, &iov, 1), 0);
    assert_true(chain_copy(&c, "x", 1));
    assert_int_equal(chain_iov(&c, &iov, 1), 1);
    assert_int_equal(iov.iov_len, 1);
    chain_consume(&c, 1);
    assert_int_equal(gone, 1);
    assert_null(c.first);
}

static void test_partly_consumed_copy_goes_on(void **state)
{
    (void)state;
    struct chain c = CHAIN_EMPTY;
    assert_true(chain_copy(&c, "abcdef", 6));
    chain_consume(&c, 4);
    assert_true(chain_copy(&c, "ghi", 3)); /* behind what is left, in the same piece */
    assert_int_equal(c.len, 5);
    expect_bytes(&c, "efghi");
}

static void test_move(void **state)
{
    (void)state;
    struct chain from = CHAIN_EMPTY, to = CHAIN_EMPTY;
    int gone = 0;
    assert_true(chain_copy(&to, "0", 1));
    assert_true(chain_ref(&from, "abc", 3, released, &gone));
    assert_true(chain_ref(&from, "de", 2, released, &gone));
    assert_true(chain_ref(&from, "f", 1, released, &gone));
    assert_int_equal(chain_move(&to, &from, 0), 0);
    assert_int_equal(chain_move(&to, &from, 4), 5); /* whole pieces, until at least 4 */
    assert_int_equal(from.len, 1);
    assert_int_equal(to.len, 6);
    assert_int_equal(chain_move(&to, &from, SIZE_MAX), 1);
    assert_int_equal(from.len, 0);
    assert_null(from.first);
    assert_int_equal(gone, 0);
    assert_true(chain_copy(&from, "usable again", 12));
    expect_bytes(&from, "usable again");
    expect_bytes(&to, "0abcdef");
    assert_int_equal(gone, 3);
}

/* A copy behind a moved piece must not write into somebody else's bytes. */
static void test_copy_behind_a_reference(void **state)
{
    (void)state;
    struct chain c = CHAIN_EMPTY;
    static const char constant[] = "constant";
    assert_true(chain_ref(&c, constant, 4, NULL, NULL));
    assert_true(chain_copy(&c, "!!!!", 4));
    assert_string_equal(constant, "constant");
    expect_bytes(&c, "cons!!!!");
}

static void test_iov_is_bounded(void **state)
{
    (void)state;
    struct chain c = CHAIN_EMPTY;
    struct iovec iov[4] = {{.iov_base = NULL, .iov_len = 77}};
    for (int i = 0; i < 10; i++)
        assert_true(chain_ref(&c, "x", 1, NULL, NULL));
    assert_int_equal(chain_iov(&c, iov, 0), 0);
    assert_int_equal(iov[0].iov_len, 77);
    assert_int_equal(chain_iov(&c, iov, 3), 3);
    chain_clear(&c);
}

/* ---- ranges of files ---- */

static int null_fd(void)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

static void test_file_between_memory(void **state)
{
    (void)state;
    struct chain c = CHAIN_EMPTY;
    struct chain_range range;
    struct iovec iov[8];
    int fd = null_fd();
    assert_true(chain_copy(&c, "one", 3));
    assert_false(chain_front_file(&c, &range));
    assert_true(chain_file(&c, fd, 1000, 500, chain_close_fd, CHAIN_FD(fd)));
    assert_true(chain_copy(&c, "two", 3)); /* not into the piece before */
    assert_int_equal(c.len, 506);
    assert_int_equal(chain_iov(&c, iov, 8), 1); /* up to the file */
    assert_int_equal(iov[0].iov_len, 3);
    assert_false(chain_front_file(&c, &range));
    chain_consume(&c, 3);
    assert_int_equal(chain_iov(&c, iov, 8), 0);
    assert_true(chain_front_file(&c, &range));
    assert_int_equal(range.fd, fd);
    assert_int_equal(range.offset, 1000);
    assert_int_equal(range.length, 500);
    chain_consume(&c, 499);
    assert_true(chain_front_file(&c, &range));
    assert_int_equal(range.offset, 1499);
    assert_int_equal(range.length, 1);
    assert_true(is_open(fd));
    chain_consume(&c, 1);
    assert_false(is_open(fd));
    assert_false(chain_front_file(&c, &range));
    expect_bytes(&c, "two");
    assert_int_equal(c.held, 0);
}

static void test_file_is_dropped_once(void **state)
{
    (void)state;
    struct chain from = CHAIN_EMPTY, to = CHAIN_EMPTY;
    int gone = 0, fd = null_fd();
    assert_true(chain_file(&from, fd, UINT64_MAX / 2, SIZE_MAX / 4, released, &gone));
    assert_true(chain_ref(&from, "", 0, released, &gone)); /* not in front of the file's bytes */
    assert_int_equal(chain_move(&to, &from, 1), SIZE_MAX / 4);
    assert_int_equal(chain_move(&to, &from, 1), 0);
    assert_int_equal(gone, 0);
    chain_consume(&to, 7);
    chain_clear(&to);
    chain_clear(&from);
    assert_int_equal(gone, 2);
    close(fd);
}

static void test_join(void **state)
{
    (void)state;
    struct chain to = CHAIN_EMPTY, from = CHAIN_EMPTY;
    struct chain_range range;
    int gone = 0, other = 0;
    chain_join(&to, &from);
    assert_true(chain_file(&to, 7, 100, 50, released, &gone));
    assert_true(chain_file(&from, 7, 150, 30, released, &gone));
    assert_true(chain_copy(&from, "x", 1));
    chain_join(&to, &from);
    assert_int_equal(gone, 1);
    assert_int_equal(to.len, 81);
    assert_int_equal(from.len + from.held, 0);
    assert_true(chain_front_file(&to, &range));
    assert_int_equal(range.length, 80);
    chain_consume(&to, 81);
    assert_int_equal(gone, 2);
    /* A gap, another file, another owner: they stay apart. */
    assert_true(chain_file(&to, 7, 0, 10, released, &gone));
    assert_true(chain_file(&from, 7, 11, 10, released, &gone));
    chain_join(&to, &from);
    assert_true(chain_file(&from, 8, 21, 10, released, &gone));
    chain_join(&to, &from);
    assert_true(chain_file(&from, 8, 31, 10, released, &other));
    chain_join(&to, &from);
    assert_int_equal(gone, 2);
    assert_int_equal(to.len, 40);
    chain_clear(&to);
    assert_int_equal(gone, 5);
    assert_int_equal(other, 1);
    assert_int_equal(to.held, 0);
}

static void test_put_front(void **state)
{
    (void)state;
    struct chain c = CHAIN_EMPTY;
    int gone = 0;
    assert_true(chain_put_front(&c, "b", 1, released, &gone));
    assert_true(chain_copy(&c, "c", 1));
    assert_true(chain_put_front(&c, "a", 1, released, &gone));
    expect_bytes(&c, "abc");
    assert_int_equal(gone, 2);
    assert_int_equal(c.held, 0);
}

/* What the chain holds: not the referenced bytes, but every piece. */
static void test_held(void **state)
{
    (void)state;
    struct chain c = CHAIN_EMPTY, other = CHAIN_EMPTY;
    static char big[100000];
    assert_true(chain_ref(&c, big, sizeof(big), NULL, NULL));
    size_t piece = c.held;
    assert_in_range(piece, 1, 200);
    assert_true(chain_file(&c, -1, 0, sizeof(big), NULL, NULL));
    assert_int_equal(c.held, 2 * piece);
    assert_true(chain_copy(&c, big, sizeof(big)));
    assert_in_range(c.held, sizeof(big), sizeof(big) + 3 * piece);
    size_t all = c.held;
    chain_move(&other, &c, 1);
    assert_int_equal(other.held, piece);
    assert_int_equal(c.held, all - piece);
    chain_consume(&c, sizeof(big) + 1);
    assert_int_equal(c.held, all - 2 * piece);
    chain_clear(&c);
    chain_clear(&other);
    assert_int_equal(c.held + other.held, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_copies_and_references),
        cmocka_unit_test(test_many_copies),
        cmocka_unit_test(test_release_after_the_last_byte),
        cmocka_unit_test(test_empty_reference_is_released),
        cmocka_unit_test(test_partly_consumed_copy_goes_on),
        cmocka_unit_test(test_move),
        cmocka_unit_test(test_copy_behind_a_reference),
        cmocka_unit_test(test_iov_is_bounded),
        cmocka_unit_test(test_file_between_memory),
        cmocka_unit_test(test_file_is_dropped_once),
        cmocka_unit_test(test_held),
        cmocka_unit_test(test_join),
        cmocka_unit_test(test_put_front),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
