/* SPDX-License-Identifier: Apache-2.0
 * A module's file with damage anywhere: each byte of its first 4 KiB changed in several ways, its program
 * headers and dynamic section filled with extreme numbers, its end missing at every length. Never a crash or
 * a report of the sanitizer, always an answer. Nothing of it is loaded here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <elf.h>

#include "base/check.h"
#include "loader/image.h"
#include "module_maker.h"

static struct buf good = BUF_EMPTY, bad = BUF_EMPTY;
static unsigned long taken, refused;

static int setup(void **state)
{
    struct err err = ERR_INIT;
    if (maker_setup(state) != 0)
        return -1;
    const char *file = maker_build("good", MAKER_HELLO, NULL);
    return file && path_read_file(file, 1 << 20, &good, &err) ? 0 : -1;
}

static int teardown(void **state)
{
    buf_free(&good);
    buf_free(&bad);
    return maker_teardown(state);
}

/* The first N bytes of the damaged file, as a file. Without fsync: there are many thousands. */
static bool read_bad(size_t n)
{
    static char path[200];
    struct image im;
    struct err err = ERR_INIT;
    snprintf(path, sizeof(path), "%s/bad.so", maker_dir);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(buf_data(&bad), 1, n, f), n);
    assert_int_equal(fclose(f), 0);
    bool ok = image_read(&im, path, &err);
    if (ok) {
        assert_int_equal(strlen(im.hash), 64);
        image_free(&im);
        taken++;
        return true;
    }
    refused++;
    assert_non_null(strstr(err.what, path));
    assert_int_not_equal(err.hint[0], 0);
    return false;
}

static void fresh(void)
{
    buf_clear(&bad);
    assert_true(buf_append_span(&bad, buf_span(&good)));
}

static void test_each_byte(void **state)
{
    static const unsigned char masks[] = {0x01, 0x80, 0xff};
    size_t n = buf_len(&good) < 4096 ? buf_len(&good) : 4096;
    (void)state;
    fresh();
    taken = refused = 0;
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < ARRAY_COUNT(masks); k++) {
            buf_data(&bad)[i] = (char)(buf_data(&good)[i] ^ masks[k]);
            read_bad(buf_len(&bad));
        }
        buf_data(&bad)[i] = buf_data(&good)[i];
    }
    assert_true(refused > 100);
    assert_true(taken > 100); /* padding, code: nothing that the check looks at */
    assert_true(read_bad(buf_len(&bad)));
}

/* Extreme numbers in each 8-byte word of a part of the file. */
static void extremes(size_t from, size_t size)
{
    static const uint64_t numbers[] = {0,
                                       1,
                                       0x7fffffffffffffffu,
                                       0x8000000000000000u,
                                       UINT64_MAX,
                                       UINT64_MAX - 7,
                                       UINT64_MAX - 23,
                                       UINT32_MAX,
                                       0xffffffff00000000u,
                                       0x100000000u};
    for (size_t at = from; at + 8 <= from + size && at + 8 <= buf_len(&bad); at += 8) {
        for (size_t k = 0; k < ARRAY_COUNT(numbers) + 2; k++) {
            uint64_t number = k < ARRAY_COUNT(numbers)
                                  ? numbers[k]
                                  : buf_len(&good) - (k == ARRAY_COUNT(numbers));
            memcpy(buf_data(&bad) + at, &number, 8);
            read_bad(buf_len(&bad));
        }
        memcpy(buf_data(&bad) + at, buf_data(&good) + at, 8);
    }
}

static Elf64_Phdr segment(uint32_t type)
{
    Elf64_Ehdr head;
    Elf64_Phdr ph;
    memcpy(&head, buf_data(&good), sizeof(head));
    for (size_t i = 0; i < head.e_phnum; i++) {
        memcpy(&ph, buf_data(&good) + head.e_phoff + i * sizeof(ph), sizeof(ph));
        if (ph.p_type == type)
            return ph;
    }
    fail();
    return ph;
}

static void test_extreme_numbers(void **state)
{
    Elf64_Ehdr head;
    (void)state;
    fresh();
    refused = 0;
    memcpy(&head, buf_data(&good), sizeof(head));
    extremes(0, sizeof(head));
    extremes(head.e_phoff, head.e_phnum * sizeof(Elf64_Phdr));
    Elf64_Phdr dynamic = segment(PT_DYNAMIC), note = segment(PT_NOTE);
    extremes(dynamic.p_offset, dynamic.p_filesz);
    extremes(note.p_offset & ~7ull, note.p_filesz + 8);
    /* The tables that the dynamic section points at: symbols, strings, hashes. */
    for (uint64_t at = dynamic.p_offset; at < dynamic.p_offset + dynamic.p_filesz;
         at += sizeof(Elf64_Dyn)) {
        Elf64_Dyn d;
        memcpy(&d, buf_data(&good) + at, sizeof(d));
        if (d.d_tag == DT_SYMTAB || d.d_tag == DT_GNU_HASH || d.d_tag == DT_HASH)
            extremes(d.d_un.d_ptr & ~7ull, 256); /* in the first segment: address is offset */
    }
    assert_true(refused > 100);
}

static size_t loaded_end(void)
{
    Elf64_Ehdr head;
    Elf64_Phdr ph;
    size_t end = 0;
    memcpy(&head, buf_data(&good), sizeof(head));
    for (size_t i = 0; i < head.e_phnum; i++) {
        memcpy(&ph, buf_data(&good) + head.e_phoff + i * sizeof(ph), sizeof(ph));
        if (ph.p_type == PT_LOAD && ph.p_offset + ph.p_filesz > end)
            end = ph.p_offset + ph.p_filesz;
    }
    return end;
}

static void test_each_length(void **state)
{
    size_t end = loaded_end();
    (void)state;
    fresh();
    for (size_t n = 0; n < buf_len(&bad); n += n < 8192 ? 1 : 61) {
        bool ok = read_bad(n);
        if (ok != (n >= end)) { /* section headers, which follow, are not needed */
            print_error("%zu of %zu bytes: %s\n", n, buf_len(&bad), ok ? "taken" : "refused");
            fail();
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_byte),
        cmocka_unit_test(test_extreme_numbers),
        cmocka_unit_test(test_each_length),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
