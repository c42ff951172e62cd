/* SPDX-License-Identifier: Apache-2.0
 * Opening beneath a folder, the kernel's way and segment by segment: links within, links that lead outside,
 * special files, and somebody who renames all the while. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "beneath.h"

#define SECRET "outside"

typedef int open_fn(int root, const char *path, int flags, bool *linked);

static char top[64], name_buffer[512];

/* PATH below the test's folder. */
static const char *at(const char *path)
{
    snprintf(name_buffer, sizeof(name_buffer), "%s/%s", top, path);
    return name_buffer;
}

static void make_file(const char *path, const char *text)
{
    int fd = open(at(path), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static void make_link(const char *target, const char *path)
{
    assert_int_equal(symlink(target, at(path)), 0);
}

static void make_folder(const char *path)
{
    assert_int_equal(mkdir(at(path), 0755), 0);
}

static void make_socket(const char *path)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(a.sun_path, sizeof(a.sun_path), "%s/%s", top, path);
    assert_int_equal(bind(s, (const struct sockaddr *)(const void *)&a, sizeof(a)), 0);
    close(s);
}

static int make_tree(void **state)
{
    (void)state;
    snprintf(top, sizeof(top), "/tmp/cserv-beneath-XXXXXX");
    assert_non_null(mkdtemp(top));
    static const char *const folders[] = {"out",      "out/deep",     "site",     "site/a",
                                          "site/a/b", "site/WEB-INF", "site/swap"};
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
        make_folder(folders[i]);
    make_file("out/secret", SECRET);
    make_file("out/deep/secret", SECRET);
    make_file("site/f", "f");
    make_file("site/a/g", "g");
    make_file("site/a/b/h", "h");
    make_file("site/swap/secret", "inside");
    make_file("site/WEB-INF/web.xml", "web.xml");
    make_file("site/page.jsp", "source");
    assert_int_equal(mkfifo(at("site/fifo"), 0644), 0);
    make_socket("site/socket");
    static const char *const links[][2] = {
        {"f", "to-f"},
        {"a", "to-a"},
        {"a/b/h", "to-h"},
        {"../f", "a/up"},
        {"../../f", "a/b/up-up"},
        {"b/../g", "a/back"},
        {"to-f", "to-to-f"},
        {"../out/secret", "out-file"},
        {"../out", "out-folder"},
        {"../../site/f", "out-and-in"},
        {"../site/f", "out-and-in-2"},
        {"/etc/passwd", "absolute"},
        {"/", "absolute-top"},
        {"loop-2", "loop-1"},
        {"loop-1", "loop-2"},
        {"no-such", "dangling"},
        {"WEB-INF", "to-hidden"},
        {"WEB-INF/web.xml", "to-web.xml"},
        {"page.jsp", "page.txt"},
        {"fifo", "to-fifo"},
        {"/proc/self/root/etc/passwd", "magic"},
        {"a/../../out/secret", "out-by-dots"},
    };
    for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
        char path[128];
        snprintf(path, sizeof(path), "site/%s", links[i][1]);
        make_link(links[i][0], path);
    }
    return 0;
}

static int remove_tree(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof(command), "rm -r '%s'", top);
    return system(command) == 0 ? 0 : -1;
}

static int open_root(void)
{
    int root = open(at("site"), O_PATH | O_DIRECTORY | O_CLOEXEC);
    assert_true(root >= 0);
    return root;
}

static void read_text(int fd, char *out, size_t size)
{
    ssize_t n = pread(fd, out, size - 1, 0);
    assert_true(n >= 0);
    out[n] = '\0';
}

static const struct {
    const char *path, *text; /* NULL: ERROR */
    int error;               /* 0: any */
    bool linked;
} files[] = {
    {"f", "f", 0, false},
    {"a/g", "g", 0, false},
    {"a/b/h", "h", 0, false},
    {"to-f", "f", 0, true},
    {"to-to-f", "f", 0, true},
    {"to-a/g", "g", 0, true},
    {"to-a/b/h", "h", 0, true},
    {"to-h", "h", 0, true},
    {"a/up", "f", 0, true},
    {"a/b/up-up", "f", 0, true},
    {"a/back", "g", 0, true},
    {"to-a/up", "f", 0, true},
    {"no-such", NULL, ENOENT, false},
    {"a/no-such", NULL, ENOENT, false},
    {"f/x", NULL, ENOTDIR, false},
    {"a", NULL, EISDIR, false},
    {"to-a", NULL, EISDIR, true},
    {"", NULL, EISDIR, false},
    {"out-file", NULL, EXDEV, true},
    {"out-folder/secret", NULL, EXDEV, true},
    {"out-folder/deep/secret", NULL, EXDEV, true},
    {"out-and-in", NULL, EXDEV, true},
    {"out-and-in-2", NULL, EXDEV, true},
    {"out-by-dots", NULL, EXDEV, true},
    {"absolute", NULL, EXDEV, true},
    {"absolute-top/etc/passwd", NULL, EXDEV, true},
    {"magic", NULL, EXDEV, true},
    {"../out/secret", NULL, EXDEV, false},
    {"a/../../out/secret", NULL, EXDEV, false},
    {"loop-1", NULL, ELOOP, true},
    {"dangling", NULL, ENOENT, true},
    {"to-hidden/web.xml", NULL, ENOENT, true},
    {"to-web.xml", NULL, ENOENT, true},
    {"page.txt", NULL, ENOENT, true},
    {"fifo", NULL, ENXIO, false},
    {"socket", NULL, ENXIO, false},
    {"to-fifo", NULL, ENXIO, true},
};

static void check_files(open_fn *open_it)
{
    int root = open_root();
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        bool linked = false;
        int fd = open_it(root, files[i].path, O_RDONLY, &linked);
        char text[64] = "";
        if (fd >= 0)
            read_text(fd, text, sizeof(text));
        bool good = files[i].text
                        ? fd >= 0 && strcmp(text, files[i].text) == 0 && linked == files[i].linked
                        : fd == -files[i].error;
        if (!good)
            fail_msg("'%s': %d (%s) %s", files[i].path, fd, fd < 0 ? strerror(-fd) : "", text);
        if (fd >= 0)
            close(fd);
    }
    close(root);
}

static void the_kernel_opens_files(void **state)
{
    (void)state;
    if (!beneath_has_openat2())
        skip();
    check_files(beneath_open);
}

static void the_walk_opens_files(void **state)
{
    (void)state;
    check_files(beneath_walk);
}

static void folders_open_as_folders(void **state)
{
    (void)state;
    open_fn *const ways[] = {beneath_open, beneath_walk};
    static const char *const good[] = {"", "a", "a/b", "to-a", "to-a/b"};
    static const char *const bad[] = {"f",    "fifo",         "socket",    "to-fifo", "out-folder",
                                      "to-f", "absolute-top", "to-hidden", "no-such", ".."};
    int root = open_root();
    for (size_t w = 0; w < 2; w++) {
        for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
            int fd = ways[w](root, good[i], O_RDONLY | O_DIRECTORY, NULL);
            int path = ways[w](root, good[i], O_PATH | O_DIRECTORY, NULL);
            if (fd < 0 || path < 0)
                fail_msg("'%s': %d, %d", good[i], fd, path);
            close(fd);
            close(path);
        }
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
            int fd = ways[w](root, bad[i], O_PATH | O_DIRECTORY, NULL);
            if (fd >= 0)
                fail_msg("'%s' was opened", bad[i]);
        }
    }
    close(root);
}

static void long_and_deep_paths_fail(void **state)
{
    (void)state;
    static char path[3 * 4096];
    int root = open_root();
    memset(path, 'x', 300);
    assert_int_equal(beneath_walk(root, path, O_RDONLY, NULL), -ENAMETOOLONG);
    assert_int_equal(beneath_open(root, path, O_RDONLY, NULL), -ENAMETOOLONG);
    memset(path, 'x', sizeof(path) - 1);
    assert_int_equal(beneath_walk(root, path, O_RDONLY, NULL), -ENAMETOOLONG);
    assert_int_equal(beneath_open(root, path, O_RDONLY, NULL), -ENAMETOOLONG);
    close(root);
}

/* ---- somebody renames meanwhile ---- */

struct race {
    _Atomic bool end;
    _Atomic uint64_t swaps;
};

/* A folder and a link that leads outside change places; a folder moves outside and back. */
static void *rename_all_the_while(void *arg)
{
    struct race *r = arg;
    char inside[128], trap[128], moving[128], moved[128];
    snprintf(inside, sizeof(inside), "%s/site/swap", top);
    snprintf(trap, sizeof(trap), "%s/site/trap", top);
    snprintf(moving, sizeof(moving), "%s/site/a/b", top);
    snprintf(moved, sizeof(moved), "%s/out/b", top);
    while (!atomic_load(&r->end)) {
        if (renameat2(AT_FDCWD, inside, AT_FDCWD, trap, RENAME_EXCHANGE) != 0)
            break;
        rename(moving, moved);
        rename(moved, moving);
        atomic_fetch_add(&r->swaps, 1);
    }
    return NULL;
}

static void check_race(open_fn *open_it)
{
    struct race r = {.end = false};
    pthread_t thread;
    int root = open_root(), opened = 0, refused = 0;
    make_link("../out", "site/trap");
    make_link("a/b/../../swap/secret", "site/through");
    assert_int_equal(pthread_create(&thread, NULL, rename_all_the_while, &r), 0);
    static const char *const paths[] = {"swap/secret", "trap/secret", "through", "a/b/up-up"};
    for (int i = 0; i < 20000 || atomic_load(&r.swaps) < 1000; i++) {
        char text[64];
        int fd = open_it(root, paths[i % 4], O_RDONLY, NULL);
        if (fd < 0) {
            refused++;
            continue;
        }
        read_text(fd, text, sizeof(text));
        close(fd);
        opened++;
        if (strcmp(text, SECRET) == 0)
            fail_msg("%s was read from outside after %d tries", paths[i % 4], i);
    }
    atomic_store(&r.end, true);
    pthread_join(thread, NULL);
    close(root);
    assert_true(opened > 0 && refused > 0);
    struct stat st;
    if (lstat(at("site/swap"), &st) == 0 && S_ISLNK(st.st_mode)) {
        char other[128];
        snprintf(other, sizeof(other), "%s/site/trap", top);
        assert_int_equal(renameat2(AT_FDCWD, at("site/swap"), AT_FDCWD, other, RENAME_EXCHANGE), 0);
    }
    unlink(at("site/trap"));
    unlink(at("site/through"));
}

static void a_raced_rename_leads_nowhere(void **state)
{
    (void)state;
    if (beneath_has_openat2())
        check_race(beneath_open);
}

static void a_raced_rename_leads_the_walk_nowhere(void **state)
{
    (void)state;
    check_race(beneath_walk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_kernel_opens_files),
        cmocka_unit_test(the_walk_opens_files),
        cmocka_unit_test(folders_open_as_folders),
        cmocka_unit_test(long_and_deep_paths_fail),
        cmocka_unit_test(a_raced_rename_leads_nowhere),
        cmocka_unit_test(a_raced_rename_leads_the_walk_nowhere),
    };
    return cmocka_run_group_tests(tests, make_tree, remove_tree);
}
