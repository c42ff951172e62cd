/* SPDX-License-Identifier: Apache-2.0
 * Opening beneath a folder: by the kernel's openat2 and by steps, which agree but for links. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"

static char folder[64];

static int setup(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/cserv-beneath-XXXXXX");
    if (!mkdtemp(folder) || chdir(folder) != 0 || mkdir("in", 0755) || mkdir("in/a", 0755) ||
        mkdir("in/a/b", 0755) || mkfifo("in/fifo", 0600))
        return -1;
    FILE *f = fopen("in/a/file", "w");
    FILE *out = fopen("secret", "w");
    if (!f || !out || fputs("text", f) < 0 || fclose(f) != 0 || fclose(out) != 0)
        return -1;
    return symlink("a/file", "in/link") || symlink("../secret", "in/out") ||
                   symlink("/etc/passwd", "in/absolute") || symlink("..", "in/a/up") ||
                   symlink("loop", "in/loop")
               ? -1
               : 0;
}

static int teardown(void **state)
{
    struct err err = ERR_INIT;
    (void)state;
    return chdir("/") == 0 && path_remove_tree(folder, &err) ? 0 : -1;
}

static const struct {
    const char *path;
    bool folder;
    int kernel, steps; /* 0: opened */
} rows[] = {
    {"a/file", false, 0, 0},
    {"a//file", false, 0, 0},
    {"./a/file", false, 0, 0},
    {"a/none", false, ENOENT, ENOENT},
    {"none/file", false, ENOENT, ENOENT},
    {"a/file/x", false, ENOTDIR, ENOTDIR},
    {"a", false, ENOENT, ENOENT},    /* a folder is no file */
    {"fifo", false, ENOENT, ENOENT}, /* and does not wait */
    {"../secret", false, EXDEV, EXDEV},
    {"a/../../secret", false, EXDEV, EXDEV},
    {"out", false, EXDEV, ELOOP},
    {"absolute", false, EXDEV, ELOOP},
    {"link", false, 0, ELOOP},
    {"a/up/a/file", false, 0, ENOTDIR},
    {"loop", false, ELOOP, ELOOP},
    {"", true, 0, 0},
    {"a", true, 0, 0},
    {"a/b/", true, 0, 0},
    {"a/file", true, ENOTDIR, ENOTDIR},
    {"..", true, EXDEV, EXDEV},
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int kernel = path_open_beneath("in", rows[i].path, rows[i].folder);
        int steps = path_walk_beneath("in", rows[i].path, rows[i].folder);
        if (kernel >= 0)
            close(kernel);
        if (steps >= 0)
            close(steps);
        if ((kernel >= 0 ? 0 : -kernel) != rows[i].kernel ||
            (steps >= 0 ? 0 : -steps) != rows[i].steps)
            fail_msg("%s: %d and %d", rows[i].path, kernel, steps);
    }
}

static void test_content(void **state)
{
    char text[8] = "";
    (void)state;
    int fd = path_open_beneath("in", "a/file", false);
    assert_int_equal(read(fd, text, sizeof(text)), 4);
    assert_string_equal(text, "text");
    close(fd);
    assert_int_equal(path_open_beneath("missing", "a", false), -ENOENT);
    char name[400];
    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    assert_int_equal(path_open_beneath("in", name, false), -ENAMETOOLONG);
    assert_int_equal(path_walk_beneath("in", name, false), -ENAMETOOLONG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_rows, setup, teardown),
        cmocka_unit_test_setup_teardown(test_content, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
