/* SPDX-License-Identifier: Apache-2.0
 * For the tests of this folder: a temporary base with files in it, the log's lines, and errors with
 * their place. */
#ifndef UNIT_CONFIG_FIXTURE_H
#define UNIT_CONFIG_FIXTURE_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/path.h"
#include "observe/log.h"

static char fixture_base[64];
static struct buf fixture_log = {NULL, 0, 0, 0};

static inline const char *fixture_path(const char *name)
{
    static char path[PATH_MAX];
    assert_true(path_join(path, sizeof(path), fixture_base, name));
    return path;
}

static inline void fixture_write(const char *name, const char *text)
{
    struct err err = ERR_INIT;
    assert_true(path_write_file(fixture_path(name), span_of(text), 0600, &err));
}

static inline int fixture_setup(void **state)
{
    struct err err = ERR_INIT;
    (void)state;
    snprintf(fixture_base, sizeof(fixture_base), "/tmp/cserv-config-XXXXXX");
    if (!mkdtemp(fixture_base) || !path_make_dirs(fixture_path("conf"), 0700, &err))
        return -1;
    return log_start(&(struct log_options){.folder = fixture_path("log"), .copy_fd = -1}, &err)
               ? 0
               : -1;
}

static inline int fixture_teardown(void **state)
{
    struct err err = ERR_INIT;
    (void)state;
    log_stop();
    buf_free(&fixture_log);
    return path_remove_tree(fixture_base, &err) ? 0 : -1;
}

/* All lines logged since the test began. */
static inline const char *fixture_logged(void)
{
    struct err err = ERR_INIT;
    assert_true(log_flush(10000));
    buf_clear(&fixture_log);
    if (path_exists(fixture_path("log/cserv.log")))
        assert_true(path_read_file(fixture_path("log/cserv.log"), 1 << 20, &fixture_log, &err));
    return buf_cstr(&fixture_log);
}

static inline size_t count_of(const char *text, const char *part)
{
    size_t n = 0;
    for (const char *p = strstr(text, part); p; p = strstr(p + 1, part))
        n++;
    return n;
}

#define assert_contains(text, part)                                 \
    do {                                                            \
        const char *contains_text = (text);                         \
        if (!strstr(contains_text, (part)))                         \
            fail_msg("'%s' is not in '%s'", (part), contains_text); \
    } while (0)
/* ERR is at LINE of FILE, and all of it together holds PART. */
#define assert_err(e, name, at, part)                                           \
    do {                                                                        \
        char err_buffer[4096];                                                  \
        assert_contains(err_text((e), err_buffer, sizeof(err_buffer)), (part)); \
        assert_contains((e)->file, (name));                                     \
        assert_int_equal((e)->line, (at));                                      \
    } while (0)

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

#endif
