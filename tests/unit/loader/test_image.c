/* SPDX-License-Identifier: Apache-2.0
 * The checks of a module's file: a good one passes, and each refusal that needs no more than some patched
 * bytes or flags of the linker. Real bad files of every kind, end to end, are in tests/e2e/refusals.py;
 * arbitrary damage is in test_image_damage.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <elf.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/check.h"
#include "loader/image.h"
#include "module_maker.h"

static struct err err;
static struct buf good = BUF_EMPTY;
static size_t note_at; /* of struct cs_note in it */

static int setup(void **state)
{
    if (maker_setup(state) != 0)
        return -1;
    const char *file = maker_build("good", MAKER_HELLO, NULL);
    if (!file || !path_read_file(file, 1 << 20, &good, &err))
        return -1;
    for (size_t i = 12; i + sizeof(struct cs_note) < buf_len(&good); i += 4) {
        if (memcmp(buf_data(&good) + i, "cserv\0\0", 8) == 0)
            note_at = i - 12;
    }
    return note_at > 0 ? 0 : -1;
}

static int teardown(void **state)
{
    buf_free(&good);
    return maker_teardown(state);
}

static void write_with(const char *name, size_t at, const void *bytes, size_t n)
{
    struct buf copy = BUF_EMPTY;
    assert_true(buf_append_span(&copy, buf_span(&good)));
    assert_in_range(at + n, 0, buf_len(&copy));
    memcpy(buf_data(&copy) + at, bytes, n);
    assert_true(path_write_file(maker_path(name), buf_span(&copy), 0644, &err));
    buf_free(&copy);
}

static void assert_refused(const char *file, const char *what)
{
    struct image im;
    char text[2048];
    if (image_read(&im, file, &err)) {
        print_error("%s was taken\n", file);
        image_free(&im);
        fail();
    }
    err_text(&err, text, sizeof(text));
    if (!strstr(text, what) || !strstr(text, file) || !*err.hint) {
        print_error("'%s' lacks '%s', the file or what to do\n", text, what);
        fail();
    }
}

static void patch(size_t at, const void *bytes, size_t n, const char *what)
{
    write_with("patched.so", at, bytes, n);
    assert_refused(maker_path("patched.so"), what);
}

static void test_good(void **state)
{
    struct image im;
    (void)state;
    assert_true(image_read(&im, maker_path("good.so"), &err));
    assert_string_equal(im.path, maker_path("good.so"));
    assert_string_equal(im.note.name, "hello");
    assert_string_equal(im.note.version, "1.2.3");
    assert_int_equal(im.note.abi_hash, CS_ABI_HASH);
    assert_true(span_eq(buf_span(&im.bytes), buf_span(&good)));
    char hash[IMAGE_HASH_SIZE];
    image_hash(buf_span(&good), hash);
    assert_string_equal(im.hash, hash);
    image_free(&im);
}

static void test_hash(void **state)
{
    char hash[IMAGE_HASH_SIZE];
    (void)state;
    image_hash(SPAN_LIT("abc"), hash); /* FIPS 180-2, B.1 */
    assert_string_equal(hash, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void test_header(void **state)
{
    const uint16_t machine = 0x1234, executable = ET_EXEC;
    const unsigned char class32 = ELFCLASS32;
    const uint64_t far_away = UINT64_MAX - 8;
    (void)state;
    patch(0, "MZ", 2, "is not an ELF file");
    patch(offsetof(Elf64_Ehdr, e_machine), &machine, 2, "another machine");
    patch(EI_CLASS, &class32, 1, "another machine");
    patch(offsetof(Elf64_Ehdr, e_type), &executable, 2, "no shared object");
    patch(offsetof(Elf64_Ehdr, e_phoff), &far_away, 8, "truncated");
}

static void test_note(void **state)
{
    const uint32_t one = CS_ABI_MAJOR + 1, more = CS_ABI_MINOR_MAX + 1, hash = CS_ABI_HASH ^ 1;
    const uint32_t asan = CS_FLAG_ASAN | CS_FLAG_TSAN, strange = 0x80;
    (void)state;
    patch(note_at + offsetof(struct cs_note, abi_major), &one, 4, "this server speaks");
    patch(note_at + offsetof(struct cs_note, abi_minor), &more, 4, "speaks up to");
    patch(note_at + offsetof(struct cs_note, abi_hash), &hash, 4, "another development state");
    patch(note_at + offsetof(struct cs_note, flags), &asan, 4, "Sanitizer");
    patch(note_at + offsetof(struct cs_note, flags), &strange, 4, "flags unknown to this server");
    patch(note_at + offsetof(struct cs_note, owner), "other", 5, "no module note");
    patch(note_at + offsetof(struct cs_note, name), "a\nb", 3, "control character");
    patch(note_at + offsetof(struct cs_note, version), "\033[2J", 4, "control character");
}

static void test_unterminated_name(void **state)
{
    struct image im;
    char name[64];
    (void)state;
    memset(name, 'n', sizeof(name));
    write_with("long.so", note_at + offsetof(struct cs_note, name), name, sizeof(name));
    assert_true(image_read(&im, maker_path("long.so"), &err));
    assert_int_equal(strlen(im.note.name), 63);
    image_free(&im);
}

/* What the linker can do wrong. */
static void test_linked(void **state)
{
    static const struct {
        const char *flags, *what;
    } rows[] = {
        {"-Wl,-z,nodelete", "NODELETE"},
        {"-Wl,-rpath,/opt/lib", "search path of its own (/opt/lib)"},
        {"-Wl,-rpath,/opt/lib -Wl,--disable-new-dtags", "search path of its own (/opt/lib)"},
        {"-DEXTRA", "exports extra"},
        {"-DEXTRA -Wl,--hash-style=sysv", "exports extra"},
        {"-Wl,-z,now -ftls-model=initial-exec -DTLS", "static thread-local storage"},
        {"-Wl,--version-script=/dev/stdin <<'END'\n{ local: *; };\nEND\n", "does not export"},
    };
    static const char source[] = MAKER_HELLO
        "#ifdef EXTRA\n__attribute__((visibility(\"default\"))) int extra = 1;\n#endif\n"
        "#ifdef TLS\nextern __thread int errno_like; __thread int errno_like;\n"
        "int *its_address(void); int *its_address(void) { return &errno_like; }\n#endif\n";
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        assert_non_null(maker_build("linked", source, rows[i].flags));
        assert_refused(maker_path("linked.so"), rows[i].what);
    }
}

static void test_other_links(void **state)
{
    static const char *const flags[] = {
        "-Wl,--hash-style=sysv",  "-Wl,--hash-style=both",
        "-Wl,--hash-style=gnu",   "-s",
        "-Wl,-z,noseparate-code", "-O2 -Wl,--gc-sections -ffunction-sections -fdata-sections",
        "-lm -lpthread",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(flags); i++) {
        struct image im;
        assert_non_null(maker_build("other", MAKER_HELLO, flags[i]));
        if (!image_read(&im, maker_path("other.so"), &err)) {
            print_error("%s: %s\n", flags[i], err.what);
            fail();
        }
        image_free(&im);
    }
}

static void test_permissions(void **state)
{
    struct image im;
    (void)state;
    write_with("open.so", 0, ELFMAG, 4);
    assert_int_equal(chmod(maker_path("open.so"), 0666), 0);
    assert_refused(maker_path("open.so"), "may be written by everybody");
    assert_int_equal(chmod(maker_path("open.so"), 0664), 0); /* its group may */
    assert_true(image_read(&im, maker_path("open.so"), &err));
    image_free(&im);
    assert_int_equal(chmod(maker_dir, 0777), 0);
    struct image other;
    assert_false(image_read(&other, maker_path("open.so"), &err));
    assert_non_null(strstr(err.what, "the folder"));
    assert_int_equal(chmod(maker_dir, 01777), 0); /* as /tmp: nobody may replace our file */
    assert_true(image_read(&im, maker_path("open.so"), &err));
    image_free(&im);
    if (geteuid() == 0) { /* regression 001: but anybody may have put his own there */
        assert_int_equal(chown(maker_path("open.so"), 12345, 12345), 0);
        assert_refused(maker_path("open.so"), "belongs to another user");
    }
    assert_int_equal(chmod(maker_dir, 0700), 0);
}

static void test_no_file(void **state)
{
    struct image im;
    (void)state;
    assert_false(image_read(&im, maker_path("none.so"), &err));
    assert_non_null(strstr(err.what, "none.so"));
    assert_refused(maker_dir, "is not a regular file");
    assert_true(path_write_file(maker_path("empty.so"), SPAN_LIT(""), 0644, &err));
    assert_refused(maker_path("empty.so"), "is not an ELF file");
}

static void test_copy(void **state)
{
    struct image im;
    struct stat before, after;
    char path[256], again[256];
    (void)state;
    assert_true(image_read(&im, maker_path("good.so"), &err));
    assert_true(image_copy(&im, maker_dir, "copy", path, sizeof(path), &err));
    assert_string_equal(path, maker_path("copy.so"));
    assert_int_equal(stat(path, &before), 0);
    assert_int_equal(before.st_mode & 0777, 0600);
    int fd = open(path, O_RDONLY | O_CLOEXEC); /* keeps the inode from being used again */
    assert_true(image_copy(&im, maker_dir, "copy", again, sizeof(again), &err));
    assert_int_equal(stat(path, &after), 0);
    assert_int_not_equal(before.st_ino, after.st_ino); /* never written over: it may be mapped */
    close(fd);
    struct buf bytes = BUF_EMPTY;
    assert_true(path_read_file(path, 1 << 20, &bytes, &err));
    assert_true(span_eq(buf_span(&bytes), buf_span(&good)));
    buf_free(&bytes);
    assert_false(image_copy(&im, maker_path("nowhere"), "copy", path, sizeof(path), &err));
    assert_false(image_copy(&im, maker_dir, "copy", path, 8, &err));
    image_free(&im);
}

#define SERVER_MODULE(attributes)                                                           \
    "#include <cserv/module.h>\n"                                                           \
    "static int pass(cs_request *q, cs_response *s, cs_chain *c, void *self)\n"             \
    "{ (void)self; return cs_chain_next(c, q, s); }\n"                                      \
    "#define ATTRIBUTES CS_ATTRIBUTE(\"depth\", \"int\", \"1..9\", \"3\", \"How deep.\")\n" \
    "static const cs_valve rows[] = {{.name = \"v\", .attributes = ATTRIBUTES, .invoke = "  \
    "pass}};\n" attributes "CS_MODULE(\"m\", \"1\", .valves = CS_ROWS(rows))\n"

static void test_attributes(void **state)
{
    struct image im;
    (void)state;
    assert_non_null(maker_build("with",
                                SERVER_MODULE("CS_ATTRIBUTES(CS_ATTRIBUTES_OF(\"v\", \"x.Y\") "
                                              "ATTRIBUTES)\n"),
                                NULL));
    assert_true(image_read(&im, maker_path("with.so"), &err));
    assert_true(im.note.flags & CS_FLAG_SERVER);
    assert_true(span_eq(im.attributes,
                        SPAN_LIT("valve\tv\tx.Y\nattribute\tdepth\tint\t1..9\t3\tHow deep.\n")));
    /* The text is cut short: its end mark is gone. */
    size_t at = (size_t)(im.attributes.p + im.attributes.n - buf_data(&im.bytes));
    buf_data(&im.bytes)[at] = 'x';
    assert_true(path_write_file(maker_path("cut.so"), buf_span(&im.bytes), 0644, &err));
    image_free(&im);
    assert_refused(maker_path("cut.so"), "malformed table of attributes");
    assert_non_null(maker_build("without", SERVER_MODULE(""), NULL));
    assert_true(image_read(&im, maker_path("without.so"), &err));
    assert_int_equal(im.attributes.n, 0);
    image_free(&im);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_hash),
        cmocka_unit_test(test_header),
        cmocka_unit_test(test_note),
        cmocka_unit_test(test_unterminated_name),
        cmocka_unit_test(test_linked),
        cmocka_unit_test(test_other_links),
        cmocka_unit_test(test_permissions),
        cmocka_unit_test(test_no_file),
        cmocka_unit_test(test_copy),
        cmocka_unit_test(test_attributes),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
