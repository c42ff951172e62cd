/* SPDX-License-Identifier: Apache-2.0
 * Temporary files and io threads: what is written is read back whatever the system calls do, each
 * failure has its name, every cap holds for the whole and for one webapp, and nothing stays behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>

#include "base/check.h"
#include "base/clock.h"
#include "spool_faults.h"

static char folder[64];
static struct spool *spool;
static struct spool_account *shop, *other;

static void begin(uint64_t memory, uint64_t bytes, uint32_t files)
{
    memset(&faults, 0, sizeof(faults));
    snprintf(folder, sizeof(folder), "spool-test-XXXXXX");
    spool = faults_spool(folder, memory, bytes, files);
    assert_non_null(spool);
    shop = spool_account(spool, &folder, 1, "/shop");
    other = spool_account(spool, &folder, 2, "/other");
    assert_non_null(shop);
    assert_ptr_equal(spool_account(spool, &folder, 1, "/shop"), shop);
    assert_ptr_not_equal(shop, other);
}

static struct spool_stats stats(void)
{
    struct spool_stats st;
    spool_stats(spool, &st);
    return st;
}

#define await(condition)                                     \
    do {                                                     \
        uint64_t await_until = clock_us() + 3000000u;        \
        while (!(condition)) {                               \
            if (clock_us() > await_until)                    \
                fail_msg("never came true: %s", #condition); \
            poll(NULL, 0, 1);                                \
        }                                                    \
    } while (0)

static void end(void)
{
    await(stats().files == 0 && stats().bytes == 0); /* closed by an io thread */
    assert_int_equal(stats().memory, 0);
    await(stats().jobs == 0);
    faults_end(&spool, folder);
}

/* ---- jobs, waited for ---- */

struct waiting {
    struct spool_job job;
    struct iovec iov[3];
    _Atomic bool done;
};

static void told(struct spool_job *job)
{
    atomic_store(&CONTAINER_OF(job, struct waiting, job)->done, true);
}

static void submit(struct waiting *w, enum spool_op op, struct spool_file *f, void *p, size_t n,
                   uint64_t offset)
{
    atomic_store(&w->done, false);
    w->iov[0] = (struct iovec){.iov_base = p, .iov_len = n};
    w->job = (struct spool_job){.op = op,
                                .file = f,
                                .fd = -1,
                                .offset = offset,
                                .iov = w->iov,
                                .iov_count = 1,
                                .done = told};
    w->job.length = n;
    spool_submit(spool, &w->job);
}

static enum spool_result job(struct waiting *w, enum spool_op op, struct spool_file *f, void *p,
                             size_t n, uint64_t offset)
{
    submit(w, op, f, p, n, offset);
    await(atomic_load(&w->done));
    return w->job.result;
}

static char *pattern(size_t n)
{
    char *p = malloc(n);
    assert_non_null(p);
    for (size_t i = 0; i < n; i++)
        p[i] = (char)(i * 131 + i / 251);
    return p;
}

#define SIZE ((size_t)300000)

static void back_as_written(uint64_t piece, uint32_t interrupts)
{
    begin(0, 0, 0);
    atomic_store(&faults.piece, piece);
    atomic_store(&faults.interrupts, interrupts);
    char *p = pattern(SIZE), *q = calloc(1, SIZE);
    struct spool_file *f;
    struct waiting w;
    assert_int_equal(spool_file_new(shop, &f), SPOOL_OK);
    assert_int_equal(spool_file_fd(f), -1);
    w.iov[0] = (struct iovec){.iov_base = p, .iov_len = 1};
    w.iov[1] = (struct iovec){.iov_base = p + 1, .iov_len = 0};
    w.iov[2] = (struct iovec){.iov_base = p + 1, .iov_len = 99999};
    atomic_store(&w.done, false);
    w.job = (struct spool_job){
        .op = SPOOL_WRITE, .file = f, .iov = w.iov, .iov_count = 3, .done = told};
    spool_submit(spool, &w.job);
    await(atomic_load(&w.done));
    assert_int_equal(w.job.result, SPOOL_OK);
    assert_int_equal(w.job.moved, 100000);
    assert_int_equal(job(&w, SPOOL_WRITE, f, p + 100000, SIZE - 100000, 100000), SPOOL_OK);
    assert_int_equal(spool_file_size(f), SIZE);
    assert_int_equal(stats().bytes, SIZE);
    assert_int_equal(job(&w, SPOOL_WARM, f, NULL, SIZE, 0), SPOOL_OK);
    assert_int_equal(w.job.moved, SIZE);
    assert_int_equal(job(&w, SPOOL_READ, f, q, SIZE, 0), SPOOL_OK);
    assert_memory_equal(p, q, SIZE);
    assert_int_equal(job(&w, SPOOL_READ, f, q, 1000, SIZE - 10), SPOOL_OK);
    assert_int_equal(w.job.moved, 10);
    size_t moved;
    assert_int_equal(spool_read_now(f, q, 50, 70, &moved), SPOOL_OK);
    assert_int_equal(moved, 50);
    assert_memory_equal(q, p + 70, 50);
    spool_file_free(&f);
    assert_null(f);
    free(p);
    free(q);
    end();
}

static void whole_calls(void **unused)
{
    (void)unused;
    back_as_written(0, 0);
}

static void short_calls(void **unused)
{
    (void)unused;
    back_as_written(777, 3);
}

static void a_worker_writes_for_itself(void **unused)
{
    (void)unused;
    begin(0, 0, 0);
    char text[] = "0123456789", got[10];
    struct iovec iov = {.iov_base = text, .iov_len = 10};
    struct spool_file *f;
    uint64_t moved;
    size_t read;
    assert_int_equal(spool_file_new(shop, &f), SPOOL_OK);
    assert_int_equal(spool_write_now(f, &iov, 1, 0, &moved), SPOOL_OK);
    assert_int_equal(moved, 10);
    iov = (struct iovec){.iov_base = text, .iov_len = 3};
    assert_int_equal(spool_write_now(f, &iov, 1, 5, &moved), SPOOL_OK); /* within: takes no room */
    assert_int_equal(stats().bytes, 10);
    assert_int_equal(spool_read_now(f, got, 10, 0, &read), SPOOL_OK);
    assert_memory_equal(got, "0123401289", 10);
    spool_file_free(&f);
    end();
}

/* ---- what nobody may see ---- */

static int names_in_folder(void)
{
    DIR *d = opendir(folder);
    int n = 0;
    assert_non_null(d);
    while (readdir(d))
        n++;
    closedir(d);
    return n - 2;
}

static void files_have_no_name_and_are_private(void **unused)
{
    (void)unused;
    begin(0, 0, 0);
    struct spool_file *f;
    struct waiting w;
    struct stat st;
    assert_int_equal(spool_file_new(shop, &f), SPOOL_OK);
    assert_int_equal(job(&w, SPOOL_WRITE, f, folder, 5, 0), SPOOL_OK);
    int fd = spool_file_fd(f);
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(st.st_nlink, 0);
    assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    assert_int_equal(names_in_folder(), 0);
    spool_file_free(&f);
    await(fcntl(fd, F_GETFD) < 0); /* closed */
    end();
}

/* ---- failures and their names ---- */

static void fails_with(enum spool_result expected, _Atomic int *fault, int error)
{
    begin(0, 0, 0);
    char *p = pattern(SIZE);
    struct spool_file *f;
    struct waiting w;
    assert_int_equal(spool_file_new(shop, &f), SPOOL_OK);
    atomic_store(&faults.write_room, 1000);
    atomic_store(fault, error);
    assert_int_equal(job(&w, SPOOL_WRITE, f, p, SIZE, 0), expected);
    uint64_t kept = fault == &faults.open_error ? 0 : 1000;
    assert_int_equal(w.job.error, error);
    assert_int_equal(w.job.moved, kept);
    assert_int_equal(spool_file_size(f), kept);
    assert_int_equal(stats().bytes, kept);
    assert_int_equal(stats().refused[expected], 1);
    atomic_store(fault, 0); /* and all is well again */
    assert_int_equal(job(&w, SPOOL_WRITE, f, p, SIZE, 0), SPOOL_OK);
    assert_int_equal(stats().bytes, SIZE);
    spool_file_free(&f);
    free(p);
    end();
}

static void failures_have_names(void **unused)
{
    (void)unused;
    fails_with(SPOOL_DISK_FULL, &faults.write_error, ENOSPC);
    fails_with(SPOOL_DISK_FULL, &faults.write_error, EDQUOT);
    fails_with(SPOOL_IO, &faults.write_error, EIO);
    fails_with(SPOOL_DESCRIPTORS, &faults.open_error, EMFILE);
    fails_with(SPOOL_DESCRIPTORS, &faults.open_error, ENFILE);
    fails_with(SPOOL_FOLDER, &faults.open_error, EACCES);
    fails_with(SPOOL_FOLDER, &faults.open_error, EROFS);
    fails_with(SPOOL_DISK_FULL, &faults.open_error, ENOSPC);
    fails_with(SPOOL_NO_MEMORY, &faults.open_error, ENOMEM);
}

static void a_failing_read_has_a_name(void **unused)
{
    (void)unused;
    begin(0, 0, 0);
    char p[100] = "x";
    struct spool_file *f;
    struct waiting w;
    size_t moved;
    assert_int_equal(spool_file_new(shop, &f), SPOOL_OK);
    assert_int_equal(job(&w, SPOOL_WRITE, f, p, 100, 0), SPOOL_OK);
    atomic_store(&faults.read_error, EIO);
    assert_int_equal(job(&w, SPOOL_READ, f, p, 100, 0), SPOOL_IO);
    assert_int_equal(w.job.error, EIO);
    assert_int_equal(spool_read_now(f, p, 100, 0, &moved), SPOOL_IO);
    assert_int_equal(moved, 0);
    assert_int_equal(stats().refused[SPOOL_IO], 2);
    spool_file_free(&f);
    end();
}

static void part_of_the_disk_stays_free(void **unused)
{
    (void)unused;
    begin(0, 0, 0);
    char p[100] = "x";
    struct spool_file *f;
    struct waiting w;
    assert_int_equal(spool_file_new(shop, &f), SPOOL_OK);
    atomic_store(&faults.free_percent, 5); /* not a byte above minFreeDisk */
    assert_int_equal(job(&w, SPOOL_WRITE, f, p, 100, 0), SPOOL_FREE);
    assert_int_equal(stats().bytes, 0);
    atomic_store(&faults.free_percent, 6);
    assert_int_equal(job(&w, SPOOL_WRITE, f, p, 100, 0), SPOOL_OK);
    spool_file_free(&f);
    end();
}

/* ---- caps ---- */

static void bytes_are_capped(void **unused)
{
    (void)unused;
    begin(0, 1000, 0);
    char *p = pattern(1000);
    struct spool_file *a, *b, *c;
    struct waiting w;
    assert_int_equal(spool_file_max(spool), 750);
    assert_int_equal(spool_file_new(shop, &a), SPOOL_OK);
    assert_int_equal(spool_file_new(other, &b), SPOOL_OK);
    assert_int_equal(spool_would_fit(shop, 750), SPOOL_OK);
    assert_int_equal(spool_would_fit(shop, 751), SPOOL_FULL_SHARE);
    assert_int_equal(spool_would_fit(shop, UINT64_MAX), SPOOL_FULL_SHARE);
    assert_int_equal(job(&w, SPOOL_WRITE, a, p, 751, 0), SPOOL_FULL_SHARE);
    assert_int_equal(stats().bytes, 0);
    assert_int_equal(job(&w, SPOOL_WRITE, a, p, 750, 0), SPOOL_OK);
    assert_int_equal(job(&w, SPOOL_WRITE, a, p, 1, 750), SPOOL_FULL_SHARE);
    assert_int_equal(job(&w, SPOOL_WRITE, a, p, 750, 0), SPOOL_OK); /* again: no more room needed */
    assert_int_equal(job(&w, SPOOL_WRITE, b, p, 150, 0), SPOOL_OK);
    struct spool_account *third = spool_account(spool, &folder, 3, "/third");
    assert_int_equal(spool_file_new(third, &c), SPOOL_OK);
    assert_int_equal(spool_would_fit(third, 101), SPOOL_FULL);
    assert_int_equal(job(&w, SPOOL_WRITE, c, p, 101, 0), SPOOL_FULL);
    assert_int_equal(job(&w, SPOOL_WRITE, c, p, 100, 0), SPOOL_OK);
    struct spool_stats st;
    spool_account_stats(third, &st);
    assert_int_equal(st.bytes, 100);
    assert_int_equal(st.max_bytes, 750);
    assert_int_equal(st.refused[SPOOL_FULL], 2);
    assert_int_equal(stats().bytes, 1000);
    spool_file_free(&a);
    await(stats().bytes == 250);
    assert_int_equal(job(&w, SPOOL_WRITE, c, p, 1, 100), SPOOL_OK);
    spool_file_free(&b);
    spool_file_free(&c);
    free(p);
    end();
}

static void files_are_capped(void **unused)
{
    (void)unused;
    begin(0, 0, 4);
    struct spool_file *f[5];
    assert_int_equal(spool_file_new(shop, &f[0]), SPOOL_OK);
    assert_int_equal(spool_file_new(shop, &f[1]), SPOOL_OK);
    assert_int_equal(spool_file_new(shop, &f[2]), SPOOL_OK);
    assert_int_equal(spool_file_new(shop, &f[3]), SPOOL_FILES_SHARE);
    assert_null(f[3]);
    assert_int_equal(spool_file_new(other, &f[3]), SPOOL_OK);
    struct spool_account *third = spool_account(spool, &folder, 3, "/third");
    assert_int_equal(spool_file_new(third, &f[4]), SPOOL_FILES);
    spool_file_free(&f[0]);
    assert_int_equal(spool_file_new(third, &f[4]), SPOOL_OK);
    for (int i = 1; i < 5; i++)
        spool_file_free(&f[i]);
    end();
}

static void memory_is_capped(void **unused)
{
    (void)unused;
    begin(1000, 0, 0);
    assert_int_equal(spool_memory_take(shop, 751), SPOOL_MEMORY_SHARE);
    assert_int_equal(spool_memory_take(shop, SIZE_MAX), SPOOL_MEMORY_SHARE);
    assert_int_equal(spool_memory_take(shop, 750), SPOOL_OK);
    assert_int_equal(spool_memory_take(shop, 1), SPOOL_MEMORY_SHARE);
    assert_int_equal(spool_memory_take(other, 200), SPOOL_OK);
    struct spool_account *third = spool_account(spool, &folder, 3, "/third");
    assert_int_equal(spool_memory_take(third, 51), SPOOL_MEMORY);
    assert_int_equal(spool_memory_take(third, 50), SPOOL_OK);
    assert_int_equal(stats().memory, 1000);
    assert_string_equal(spool_result_setting(SPOOL_MEMORY), "maxBufferedMemory");
    assert_string_equal(spool_result_name(SPOOL_FULL_SHARE), "FULL_SHARE");
    assert_null(spool_result_setting(SPOOL_IO));
    spool_memory_give(shop, 200);
    spool_memory_give(shop, 550);
    spool_memory_give(other, 200);
    spool_memory_give(third, 50);
    end();
}

/* ---- slow disks ---- */

static void a_slow_disk_holds_up_nobody_who_submits(void **unused)
{
    (void)unused;
    begin(0, 0, 0);
    enum { MANY = 8 };
    struct waiting w[MANY];
    struct spool_file *f[MANY];
    char byte = 'x';
    faults_hold(true);
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(spool_file_new(shop, &f[i]), SPOOL_OK);
        submit(&w[i], SPOOL_WRITE, f[i], &byte, 1, 0);
    }
    await(atomic_load(&faults.waiting) == 2); /* both io threads, and nobody else */
    assert_int_equal(stats().jobs, MANY);
    faults_hold(false);
    for (int i = 0; i < MANY; i++) {
        await(atomic_load(&w[i].done));
        assert_int_equal(w[i].job.result, SPOOL_OK);
        spool_file_free(&f[i]);
    }
    end();
}

static void a_folder_that_is_missing_is_made(void **unused)
{
    (void)unused;
    begin(0, 0, 0);
    struct err err = ERR_INIT;
    char below[128];
    snprintf(below, sizeof(below), "%s/a/temp", folder);
    struct spool_options o = {
        .folder = below, .max_memory = 1, .max_bytes = 10, .max_files = 2, .min_free = 0};
    struct spool *s = spool_new(&o, &err);
    assert_non_null(s);
    assert_true(path_is_dir(below));
    struct spool_account *a = spool_account(s, NULL, 0, "-");
    struct spool_file *f;
    struct iovec iov = {.iov_base = below, .iov_len = 5};
    uint64_t moved;
    assert_int_equal(spool_file_new(a, &f), SPOOL_OK);
    assert_int_equal(rmdir(below), 0); /* somebody cleans up: a name, and no longer a file in it */
    assert_int_equal(spool_write_now(f, &iov, 1, 0, &moved), SPOOL_FOLDER);
    assert_int_equal(mkdir(below, 0700), 0);
    assert_int_equal(spool_write_now(f, &iov, 1, 0, &moved), SPOOL_OK);
    spool_file_free(&f);
    spool_destroy(&s);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_calls),
        cmocka_unit_test(short_calls),
        cmocka_unit_test(a_worker_writes_for_itself),
        cmocka_unit_test(files_have_no_name_and_are_private),
        cmocka_unit_test(failures_have_names),
        cmocka_unit_test(a_failing_read_has_a_name),
        cmocka_unit_test(part_of_the_disk_stays_free),
        cmocka_unit_test(bytes_are_capped),
        cmocka_unit_test(files_are_capped),
        cmocka_unit_test(memory_is_capped),
        cmocka_unit_test(a_slow_disk_holds_up_nobody_who_submits),
        cmocka_unit_test(a_folder_that_is_missing_is_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
