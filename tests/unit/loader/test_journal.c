/* SPDX-License-Identifier: Apache-2.0
 * The journal's line: written, read back, overwritten; whatever else stands in the file counts as none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/path.h"
#include "loader/journal.h"

#define HASH  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"

static char base[128];
static struct journal journal;
static struct err err;

static int setup(void **state)
{
    const char *tmp = getenv("TMPDIR");
    (void)state;
    err = ERR_INIT;
    snprintf(base, sizeof(base), "%s/cserv-journal-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    return mkdtemp(base) && journal_open(&journal, base, "localhost", "a#b##2", &err) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    return path_remove_tree(base, &err) ? 0 : -1;
}

static struct journal_entry last(void)
{
    struct journal_entry e;
    memset(&e, 0x55, sizeof(e));
    assert_true(journal_read(&journal, &e, &err));
    return e;
}

static void assert_state(enum journal_state state)
{
    assert_int_equal(last().state, state);
}

static void write_file(const char *text)
{
    assert_true(path_write_file(journal.path, span_of(text), 0600, &err));
}

static void test_place(void **state)
{
    char want[300];
    (void)state;
    snprintf(want, sizeof(want), "%s/work/journal/localhost/a#b##2", base);
    assert_string_equal(journal.path, want);
    assert_false(path_exists(journal.path)); /* opening writes nothing */
    assert_state(JOURNAL_NONE);
    assert_true(journal_open(&journal, base, "localhost", "a#b##2", &err)); /* again */
}

static void test_phases(void **state)
{
    static const char *const names[JOURNAL_PHASES] = {"load", "init", "start", "health"};
    (void)state;
    for (int i = 0; i < JOURNAL_PHASES; i++) {
        enum journal_phase phase = (enum journal_phase)i;
        assert_string_equal(journal_phase_name(phase), names[i]);
        assert_true(journal_trying(&journal, HASH, phase, &err));
        struct journal_entry e = last();
        assert_int_equal(e.state, JOURNAL_TRYING);
        assert_int_equal(e.phase, phase);
        assert_string_equal(e.hash, HASH);
        assert_true(journal_bad(&journal, OTHER, phase, &err));
        e = last();
        assert_int_equal(e.state, JOURNAL_BAD);
        assert_int_equal(e.phase, phase);
        assert_string_equal(e.hash, OTHER);
    }
}

static void test_serving_and_stopped(void **state)
{
    struct stat st;
    (void)state;
    assert_true(journal_serving(&journal, HASH, &err));
    assert_int_equal(last().state, JOURNAL_SERVING);
    assert_string_equal(last().hash, HASH);
    assert_true(journal_stopped(&journal, &err));
    assert_state(JOURNAL_NONE);
    assert_string_equal(last().hash, "");
    assert_int_equal(stat(journal.path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

/* The line is written in place: what is left of a longer one does not count. */
static void test_torn(void **state)
{
    (void)state;
    write_file("cserv-journal 1 stopped - -\nng health " HASH "\n");
    assert_state(JOURNAL_NONE);
    write_file("cserv-journal 1 trying init " HASH "\nrest " OTHER "\n");
    assert_state(JOURNAL_TRYING);
    assert_string_equal(last().hash, HASH);
}

static void test_newer(void **state)
{
    (void)state;
    struct journal_entry entry;
    write_file("cserv-journal 2 trying init " HASH "\n");
    assert_false(journal_read(&journal, &entry, &err));
    assert_non_null(strstr(err.what, journal.path));
    assert_non_null(strstr(err.what, "was written by a newer cserv"));
    assert_non_null(strstr(err.why, "schema is 2"));
    assert_true(err.hint[0] != '\0');
}

static void test_malformed(void **state)
{
    static const char *const texts[] = {
        "",
        "\n",
        "cserv-journal",
        "cserv-journal 1 ",
        "cserv-journal 1 trying",
        "cserv-journal 1 trying init",
        "cserv-journal 1 trying init 0123\n",
        "cserv-journal 1 trying init " HASH "0\n",
        "cserv-journal 1 trying nap " HASH "\n",
        "cserv-journal 1 trying  " HASH "\n",
        "cserv-journal 1 tried init " HASH "\n",
        "cserv-journal x trying init " HASH "\n",
        "cserv-journals 2 trying init " HASH "\n",
        " cserv-journal 1 trying init " HASH "\n",
        "trying init " HASH "\n",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
        write_file(texts[i]);
        if (last().state != JOURNAL_NONE) {
            print_error("'%s' counts\n", texts[i]);
            fail();
        }
    }
}

static void test_binary(void **state)
{
    char bytes[4000];
    (void)state;
    for (unsigned seed = 0; seed < 256; seed++) {
        for (size_t i = 0; i < sizeof(bytes); i++)
            bytes[i] = (char)(i * 31 + seed);
        assert_true(path_write_file(journal.path, span_make(bytes, sizeof(bytes)), 0600, &err));
        assert_state(JOURNAL_NONE);
    }
}

static void test_cannot_write(void **state)
{
    (void)state;
    assert_true(path_make_dirs(journal.path, 0700, &err)); /* a folder in its place */
    assert_false(journal_trying(&journal, HASH, JOURNAL_LOAD, &err));
    assert_non_null(strstr(err.what, journal.path));
    struct journal_entry e;
    assert_false(journal_read(&journal, &e, &err));
}

static void test_follows_no_link(void **state)
{
    char victim[200];
    (void)state;
    snprintf(victim, sizeof(victim), "%s/victim", base);
    assert_true(path_write_file(victim, SPAN_LIT("precious"), 0600, &err));
    assert_int_equal(symlink(victim, journal.path), 0);
    assert_false(journal_trying(&journal, HASH, JOURNAL_LOAD, &err));
    struct buf text = BUF_EMPTY;
    assert_true(path_read_file(victim, 100, &text, &err));
    assert_true(span_eq(buf_span(&text), SPAN_LIT("precious")));
    buf_free(&text);
}

static void test_long_names(void **state)
{
    char name[600];
    struct journal other;
    (void)state;
    memset(name, 'n', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    assert_false(journal_open(&other, base, "localhost", name, &err));
    assert_false(journal_open(&other, base, name, "shop", &err));
    assert_false(journal_open(&other, name, "localhost", "shop", &err));
    assert_non_null(strstr(err.what, "too long"));
}

#define ROW(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW(test_place),      ROW(test_phases),       ROW(test_serving_and_stopped),
        ROW(test_torn),       ROW(test_newer),        ROW(test_malformed),
        ROW(test_binary),     ROW(test_cannot_write), ROW(test_follows_no_link),
        ROW(test_long_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
