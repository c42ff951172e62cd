/* SPDX-License-Identifier: Apache-2.0
 * Removing a folder with all below: everything goes, links lead nowhere, other file systems stay. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/path.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[PATH_MAX];
static struct err err;

static int enter_folder(void **state)
{
    (void)state;
    char here[] = "/tmp/cserv-tree-XXXXXX";
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

static void put(const char *path)
{
    assert_true(path_write_file(path, span_of("x"), 0644, &err));
}

static bool stands(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

static size_t open_descriptors(void)
{
    char **names;
    size_t count;
    assert_true(path_list("/proc/self/fd", &names, &count, &err));
    size_t found = count;
    path_names_free(&names, &count);
    return found;
}

static void test_everything_goes(void **state)
{
    (void)state;
    char path[64];
    assert_true(path_make_dirs("top/a/b/c", 0755, &err));
    assert_true(path_make_dirs("top/empty", 0755, &err));
    for (int i = 0; i < 2000; i++) { /* more than one getdents call */
        snprintf(path, sizeof(path), "top/a/file%d", i);
        int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0400);
        assert_true(fd >= 0);
        close(fd);
    }
    put("top/a/b/c/deep");
    assert_int_equal(mkfifo("top/pipe", 0600), 0);
    put("beside");
    size_t before = open_descriptors();
    assert_true(path_remove_tree("top//", &err));
    assert_int_equal(open_descriptors(), before);
    assert_false(stands("top"));
    assert_true(stands("beside"));
}

static void test_missing_is_fine(void **state)
{
    (void)state;
    assert_true(path_remove_tree("missing", &err));
    assert_true(path_remove_tree("missing/below", &err));
}

static void test_links_are_not_followed(void **state)
{
    (void)state;
    assert_true(path_make_dirs("outside/kept", 0755, &err));
    put("outside/file");
    assert_true(path_make_dirs("top/sub", 0755, &err));
    assert_int_equal(symlink("../outside", "top/to-folder"), 0);
    assert_int_equal(symlink("../../outside/file", "top/sub/to-file"), 0);
    assert_int_equal(symlink("gone", "top/dangling"), 0);
    assert_true(path_remove_tree("top", &err));
    assert_false(stands("top"));
    assert_true(stands("outside/kept"));
    assert_true(stands("outside/file"));
}

static void test_a_link_itself_is_removed(void **state)
{
    (void)state;
    static const char *const spellings[] = {"link", "link/", "link//"};
    assert_true(path_make_dirs("outside/kept", 0755, &err));
    for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
        assert_int_equal(symlink("outside", "link"), 0);
        assert_true(path_remove_tree(spellings[i], &err));
        assert_false(stands("link"));
        assert_true(stands("outside/kept"));
    }
}

/* From two folders down: should the refusal ever break, ".." is still the test's own. "/" is not
 * tried, for the same reason. */
static void test_names_that_are_never_meant(void **state)
{
    (void)state;
    static const char *const names[] = {"", ".", "..", "top/..", "top/.", "top/./"};
    assert_true(path_make_dirs("own/deep/top/kept", 0755, &err));
    assert_int_equal(chdir("own/deep"), 0);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_false(path_remove_tree(names[i], &err));
        assert_string_equal(err.why, "Invalid argument (errno 22)");
        assert_true(stands("top/kept"));
    }
}

static void test_a_file_is_not_a_folder(void **state)
{
    (void)state;
    put("file");
    assert_false(path_remove_tree("file", &err));
    assert_non_null(strstr(err.why, "Not a directory"));
    assert_true(stands("file"));
    assert_false(path_remove_tree("file/below", &err));
}

/* Makes DEPTH folders, one in the other, below "top". */
static void nest(int depth)
{
    assert_true(path_make_dirs("top", 0755, &err));
    assert_int_equal(chdir("top"), 0);
    for (int i = 0; i < depth; i++) {
        assert_int_equal(mkdir("d", 0755), 0);
        assert_int_equal(chdir("d"), 0);
    }
    assert_int_equal(chdir(folder), 0);
}

static void test_depth_is_bounded(void **state)
{
    (void)state;
    nest(128);
    assert_true(path_remove_tree("top", &err));
    assert_false(stands("top"));
    nest(129);
    size_t before = open_descriptors();
    assert_false(path_remove_tree("top", &err));
    assert_string_equal(err.what, "cannot remove 'd' in 'top'");
    assert_int_equal(open_descriptors(), before);
    assert_true(path_remove_tree("top/d", &err)); /* one level less: goes */
}

/* In a child with mounts of its own, where the system lets it have them. 77: it does not. */
static int try_another_file_system(void)
{
    struct err e = ERR_INIT;
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("none", "top/other", "tmpfs", 0, NULL) != 0)
        return 77;
    if (mkdir("top/other/kept", 0755) != 0)
        return 1;
    if (path_remove_tree("top", &e) || !strstr(e.what, "'other'"))
        return 2;
    return stands("top/other/kept") ? 0 : 3;
}

static void test_another_file_system_stays(void **state)
{
    (void)state;
    assert_true(path_make_dirs("top/other", 0755, &err));
    fflush(stdout);
    pid_t child = fork();
    if (child == 0)
        _exit(try_another_file_system());
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77) {
        print_message("skipped: this system lets us mount nothing\n");
        skip();
    }
    assert_int_equal(WEXITSTATUS(status), 0);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, enter_folder, leave_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_everything_goes),
        IN_FOLDER(test_missing_is_fine),
        IN_FOLDER(test_links_are_not_followed),
        IN_FOLDER(test_a_link_itself_is_removed),
        IN_FOLDER(test_names_that_are_never_meant),
        IN_FOLDER(test_a_file_is_not_a_folder),
        IN_FOLDER(test_depth_is_bounded),
        IN_FOLDER(test_another_file_system_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
