/* SPDX-License-Identifier: Apache-2.0
 * Paths and whole files: joining, making folders, reading with a limit, writing in one step. Each
 * test has a fresh folder and works in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/path.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[PATH_MAX];
static struct err err;

static int enter_folder(void **state)
{
    (void)state;
    char here[] = "/tmp/cserv-path-XXXXXX";
    if (!mkdtemp(here) || !realpath(here, folder))
        return -1;
    memset(&err, 0, sizeof(err));
    return chdir(folder);
}

static int leave_folder(void **state)
{
    (void)state;
    return chdir("/") == 0 && path_remove_tree(folder, &err) ? 0 : -1;
}

static void put(const char *path, const char *text)
{
    assert_true(path_write_file(path, span_of(text), 0644, &err));
}

static void assert_file(const char *path, const char *text)
{
    struct buf b = BUF_EMPTY;
    assert_true(path_read_file(path, 100000, &b, &err));
    assert_string_equal(buf_cstr(&b), text);
    buf_free(&b);
}

static size_t count_of(const char *dir)
{
    char **names;
    size_t count;
    assert_true(path_list(dir, &names, &count, &err));
    size_t found = count;
    path_names_free(&names, &count);
    return found;
}

static void test_join(void **state)
{
    (void)state;
    char buf[8];
    assert_true(path_join(buf, sizeof(buf), "a", "b"));
    assert_string_equal(buf, "a/b");
    assert_true(path_join(buf, sizeof(buf), "a/", "b"));
    assert_string_equal(buf, "a/b");
    assert_true(path_join(buf, sizeof(buf), "/", "b"));
    assert_string_equal(buf, "/b");
    assert_true(path_join(buf, sizeof(buf), "a", "/b"));
    assert_string_equal(buf, "/b");
    assert_true(path_join(buf, sizeof(buf), "", "b"));
    assert_string_equal(buf, "b");
    assert_true(path_join(buf, sizeof(buf), "abc", "def"));
    assert_string_equal(buf, "abc/def");
    assert_false(path_join(buf, sizeof(buf), "abc", "defg"));
    assert_false(path_join(buf, sizeof(buf), "a", "/2345678"));
}

static void assert_unsure(const char *path, const char *part)
{
    char text[1024];
    err = ERR_INIT;
    assert_int_equal(path_look(path, &err), PATH_UNSURE);
    assert_non_null(strstr(err_text(&err, text, sizeof(text)), part));
}

/* Regression 241: what could not be looked at counted as missing. */
static void test_look(void **state)
{
    (void)state;
    put("file", "x");
    assert_int_equal(path_look("file", &err), PATH_THERE);
    assert_int_equal(path_look(".", &err), PATH_THERE);
    assert_int_equal(path_look("none", &err), PATH_ABSENT);
    assert_int_equal(path_look("none/none", &err), PATH_ABSENT);
    assert_int_equal(path_look("file/none", &err), PATH_ABSENT);
    assert_int_equal(symlink("file", "good"), 0);
    assert_int_equal(symlink("none", "dead"), 0);
    assert_int_equal(symlink("file/none", "through"), 0);
    assert_int_equal(symlink("loop", "loop"), 0);
    assert_int_equal(path_look("good", &err), PATH_THERE);
    assert_unsure("dead", "'dead' is a symbolic link that leads nowhere: 'none' does not exist");
    assert_unsure("through", "leads nowhere");
    assert_unsure("loop", "cannot look at 'loop': Too many levels of symbolic links");
    assert_unsure("loop/file", "cannot look at 'loop/file': Too many levels");
    assert_int_equal(mkdir("closed", 0), 0);
    if (geteuid() != 0)
        assert_unsure("closed/file", "cannot look at 'closed/file': Permission denied");
    assert_int_equal(chmod("closed", 0700), 0);
}

static void test_base(void **state)
{
    (void)state;
    assert_string_equal(path_base("/a/b.so"), "b.so");
    assert_string_equal(path_base("b.so"), "b.so");
    assert_string_equal(path_base("a/"), "");
    assert_string_equal(path_base(""), "");
}

static void test_make_dirs(void **state)
{
    (void)state;
    struct stat st;
    assert_true(path_make_dirs("a/b//c/", 0700, &err));
    assert_true(path_is_dir("a/b/c"));
    assert_int_equal(stat("a/b", &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_true(path_make_dirs("a/b/c/d", 0755, &err));
    assert_int_equal(stat("a/b", &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700); /* existing ones stay as they are */
    assert_true(path_make_dirs("a/b/c/d", 0755, &err));
    assert_true(path_make_dirs("/", 0755, &err));
    assert_true(path_make_dirs(folder, 0755, &err));
}

static mode_t mode_of(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 07777;
}

static const mode_t masks[] = {0, 022, 077, 0277};

static void test_make_dirs_under_any_umask(void **state)
{
    (void)state;
    char name[32];
    for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
        snprintf(name, sizeof(name), "mask%zu/below", i);
        mode_t old = umask(masks[i]);
        bool ok = path_make_dirs(name, PATH_MODE_DIR, &err);
        umask(old);
        assert_true(ok);
        assert_int_equal(mode_of(name), 0750);
        *strchr(name, '/') = '\0';
        assert_int_equal(mode_of(name), 0750);
    }
    /* A folder in one that hands its group on does the same. */
    assert_int_equal(chmod("mask0", 02750), 0);
    mode_t old = umask(077);
    assert_true(path_make_dirs("mask0/group", PATH_MODE_DIR, &err));
    umask(old);
    assert_int_equal(mode_of("mask0/group"), 02750);
}

static void test_make_file(void **state)
{
    (void)state;
    char name[32];
    for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
        snprintf(name, sizeof(name), "file%zu", i);
        mode_t old = umask(masks[i]);
        int fd = path_make_file(name, O_WRONLY, PATH_MODE_FILE);
        umask(old);
        assert_true(fd >= 0);
        assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
        assert_int_equal(write(fd, "abc", 3), 3);
        close(fd);
        assert_int_equal(mode_of(name), 0640);
    }
    assert_int_equal(chmod("file0", 0604), 0);
    int fd = path_make_file("file0", O_WRONLY | O_APPEND, PATH_MODE_FILE);
    assert_int_equal(write(fd, "d", 1), 1);
    close(fd);
    assert_int_equal(mode_of("file0"), 0604); /* somebody has decided so */
    assert_file("file0", "abcd");
    assert_int_equal(path_make_file("file0", O_WRONLY | O_EXCL, PATH_MODE_FILE), -1);
    assert_int_equal(errno, EEXIST);
    assert_int_equal(path_make_file("nowhere/file", O_WRONLY, PATH_MODE_FILE), -1);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(symlink("elsewhere", "link"), 0);
    assert_int_equal(path_make_file("link", O_WRONLY | O_NOFOLLOW, PATH_MODE_FILE), -1);
    mode_t old = umask(077);
    fd = path_make_file("link", O_WRONLY, PATH_MODE_FILE);
    umask(old);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(mode_of("elsewhere"), 0640);
}

static void test_shell_word(void **state)
{
    (void)state;
    char word[24];
    assert_string_equal(path_shell_word("/srv/a-b_c.1", word, sizeof(word)), "/srv/a-b_c.1");
    assert_string_equal(path_shell_word("/my site", word, sizeof(word)), "'/my site'");
    assert_string_equal(path_shell_word("/it's", word, sizeof(word)), "'/it'\\''s'");
    assert_string_equal(path_shell_word("$(x);*", word, sizeof(word)), "'$(x);*'");
    assert_string_equal(path_shell_word("", word, sizeof(word)), "''");
    assert_null(path_shell_word("/123456789012345678901234", word, sizeof(word)));
    assert_null(path_shell_word("/1234567890 123456789012", word, sizeof(word)));
    assert_null(path_shell_word(" ", word, 2));
}

static void test_make_dirs_failures(void **state)
{
    (void)state;
    put("file", "x");
    assert_false(path_make_dirs("file", 0755, &err));
    assert_string_equal(err.what, "cannot make folder 'file'");
    assert_non_null(strstr(err.why, "Not a directory"));
    assert_false(path_make_dirs("file/below", 0755, &err));
    assert_false(path_make_dirs("", 0755, &err));
    char longer[PATH_MAX + 2];
    memset(longer, 'a', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = 0;
    assert_false(path_make_dirs(longer, 0755, &err));
}

static void test_read_limit(void **state)
{
    (void)state;
    put("five", "12345");
    struct buf b = BUF_EMPTY;
    assert_true(buf_append_str(&b, "__before"));
    buf_consume(&b, 2);
    assert_false(path_read_file("five", 4, &b, &err));
    assert_string_equal(err.why, "it is larger than 4 bytes");
    assert_string_equal(buf_cstr(&b), "before"); /* nothing was added */
    assert_true(path_read_file("five", 5, &b, &err));
    assert_string_equal(buf_cstr(&b), "before12345");
    put("empty", "");
    assert_true(path_read_file("empty", 0, &b, &err));
    assert_int_equal(buf_len(&b), 11);
    buf_free(&b);
}

static void test_read_and_write_large(void **state)
{
    (void)state;
    struct buf in = BUF_EMPTY, out = BUF_EMPTY;
    for (int i = 0; i < 100000; i++)
        assert_true(buf_printf(&in, "%d ", i));
    assert_true(path_write_file("large", buf_span(&in), 0600, &err));
    assert_true(path_read_file("large", SIZE_MAX, &out, &err));
    assert_true(span_eq(buf_span(&in), buf_span(&out)));
    buf_clear(&out);
    assert_true(path_read_file("/proc/self/maps", 10000000, &out, &err)); /* says size 0 */
    assert_true(buf_len(&out) > 100);
    buf_free(&in);
    buf_free(&out);
}

static void test_read_failures(void **state)
{
    (void)state;
    struct buf b = BUF_EMPTY;
    assert_false(path_read_file("missing", 10, &b, &err));
    assert_string_equal(err.what, "cannot open 'missing'");
    assert_string_equal(err.why, "No such file or directory (errno 2)");
    assert_false(path_read_file(".", 10, &b, &err));
    assert_non_null(strstr(err.why, "Is a directory"));
    buf_free(&b);
}

static void test_write_replaces_with_mode(void **state)
{
    (void)state;
    struct stat st;
    put("name", "old");
    assert_int_equal(stat("name", &st), 0);
    assert_int_equal(st.st_mode & 07777, 0644);
    assert_true(path_write_file("name", span_of("new"), 0666, &err));
    assert_int_equal(stat("name", &st), 0);
    assert_int_equal(st.st_mode & 07777, 0666); /* whatever the umask is */
    assert_file("name", "new");
    assert_int_equal(count_of("."), 1); /* no temporary file is left */
    char absolute[PATH_MAX];
    assert_true(path_join(absolute, sizeof(absolute), folder, "name"));
    put(absolute, "newer");
    assert_file("name", "newer");
}

static void test_failed_write_leaves_the_old(void **state)
{
    (void)state;
    assert_true(path_make_dirs("target/full", 0755, &err));
    assert_false(path_write_file("target", span_of("x"), 0644, &err)); /* a folder: rename fails */
    assert_true(path_is_dir("target/full"));
    assert_int_equal(count_of("."), 1);
    assert_false(path_write_file("missing/name", span_of("x"), 0644, &err));
    assert_string_equal(err.what, "cannot write 'missing/name'");
}

static void test_write_replaces_a_link_itself(void **state)
{
    (void)state;
    put("pointed", "stays");
    assert_int_equal(symlink("pointed", "link"), 0);
    put("link", "new");
    assert_file("pointed", "stays");
    assert_file("link", "new");
}

static void test_list_is_sorted_by_bytes(void **state)
{
    (void)state;
    static const char *const sorted[] = {".hidden", "A", "a", "b", "\xc3\xa4"};
    put("b", "");
    put("\xc3\xa4", "");
    put("a", "");
    put(".hidden", "");
    assert_true(path_make_dirs("A", 0755, &err));
    char **names;
    size_t count;
    assert_true(path_list(".", &names, &count, &err));
    assert_int_equal(count, 5);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(names[i], sorted[i]);
    path_names_free(&names, &count);
    assert_null(names);
    path_names_free(&names, &count);
    assert_int_equal(count_of("A"), 0);
    assert_false(path_list("missing", &names, &count, &err));
    assert_false(path_list("a", &names, &count, &err));
    assert_null(names);
    assert_int_equal(count, 0);
}

static void test_exists_and_is_dir(void **state)
{
    (void)state;
    put("file", "");
    assert_int_equal(symlink("gone", "dangling"), 0);
    assert_int_equal(symlink(".", "here"), 0);
    assert_true(path_exists("file"));
    assert_false(path_is_dir("file"));
    assert_false(path_exists("missing"));
    assert_false(path_exists("dangling"));
    assert_true(path_exists("."));
    assert_true(path_is_dir("here"));
}

static void test_open_unnamed(void **state)
{
    (void)state;
    char **names = NULL, back[3] = "";
    size_t count = 1;
    struct stat st;
    int fd = path_open_unnamed(".");
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(write(fd, "ab", 2), 2);
    assert_int_equal(pread(fd, back, 2, 0), 2);
    assert_string_equal(back, "ab");
    assert_true(path_list(".", &names, &count, &err));
    assert_int_equal(count, 0);
    path_names_free(&names, &count);
    close(fd);
    assert_int_equal(path_open_unnamed("missing"), -1);
    assert_int_equal(errno, ENOENT);
}

static void test_open_beside(void **state)
{
    (void)state;
    char name[64];
    assert_int_equal(mkdir("d", 0700), 0);
    int fd = path_open_beside("d/x", name, sizeof(name));
    assert_true(fd >= 0);
    assert_true(strncmp(name, "d/", 2) == 0);
    assert_true(path_exists(name));
    assert_false(path_exists("d/x"));
    close(fd);
    assert_int_equal(path_open_beside("none/x", name, sizeof(name)), -1);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(path_open_beside("d/x", name, 5), -1);
    assert_int_equal(errno, ENAMETOOLONG);
}

static void test_climbs(void **state)
{
    (void)state;
    assert_true(path_climbs("..") && path_climbs("../a") && path_climbs("a/../b") &&
                path_climbs("a/.."));
    assert_false(path_climbs("") || path_climbs("a") || path_climbs("..a/b..") ||
                 path_climbs("a..b/..."));
}

static void test_program_dir(void **state)
{
    (void)state;
    char dir[PATH_MAX], program[PATH_MAX], resolved[PATH_MAX];
    assert_true(path_program_dir(dir, sizeof(dir), &err));
    assert_non_null(realpath("/proc/self/exe", resolved));
    assert_true(path_join(program, sizeof(program), dir, path_base(resolved)));
    assert_string_equal(program, resolved);
    assert_false(path_program_dir(dir, 1, &err));
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, enter_folder, leave_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_join),
        cmocka_unit_test(test_base),
        IN_FOLDER(test_make_dirs),
        IN_FOLDER(test_make_dirs_under_any_umask),
        IN_FOLDER(test_make_file),
        cmocka_unit_test(test_shell_word),
        IN_FOLDER(test_make_dirs_failures),
        IN_FOLDER(test_read_limit),
        IN_FOLDER(test_read_and_write_large),
        IN_FOLDER(test_read_failures),
        IN_FOLDER(test_write_replaces_with_mode),
        IN_FOLDER(test_failed_write_leaves_the_old),
        IN_FOLDER(test_write_replaces_a_link_itself),
        IN_FOLDER(test_list_is_sorted_by_bytes),
        IN_FOLDER(test_exists_and_is_dir),
        IN_FOLDER(test_look),
        IN_FOLDER(test_open_unnamed),
        IN_FOLDER(test_open_beside),
        cmocka_unit_test(test_climbs),
        cmocka_unit_test(test_program_dir),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
