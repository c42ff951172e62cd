/* SPDX-License-Identifier: Apache-2.0
 * Checking and copying a module's file: see image.h. Each refusal is one sentence that names the file,
 * what is wrong and what to do. */
#include "loader/image.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/path.h"
#include "loader/elf_priv.h"

#define IMAGE_MAX (512u * 1024u * 1024u)

/* ---- permissions: who can write a module runs code in the server ---- */

static bool check_mode(const char *path, const struct stat *st, const char *kind, struct err *err)
{
    if (!(st->st_mode & S_IWOTH) || (S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX)))
        return true;
    err_set(err, "%s %s may be written by everybody, so anybody could run code in this server",
            kind, path);
    return err_hint(err, "chmod o-w '%s'", path);
}

bool image_check_place(const char *path, const char *kind, struct err *err)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return err_sys(err, errno, "cannot look at %s", path);
    return check_mode(path, &st, kind, err);
}

/* In a folder that everybody may write, but where only its owner may replace a file, whoever owns the
 * file put it there. */
static bool check_owner(const char *file, uid_t owner, const struct stat *dir, struct err *err)
{
    if (!(dir->st_mode & S_IWOTH) || owner == 0 || owner == geteuid())
        return true;
    err_set(err, "%s belongs to another user (%u), in a folder that everybody may write", file,
            (unsigned)owner);
    return err_hint(err, "Copy it to a folder of your own");
}

static bool check_permissions(const char *file, struct err *err)
{
    char dir[512];
    struct stat st;
    if (stat(file, &st) != 0)
        return err_sys(err, errno, "cannot read %s", file);
    if (!S_ISREG(st.st_mode)) {
        err_set(err, "%s is not a regular file", file);
        return err_hint(err, "A module is a shared object file");
    }
    if (!check_mode(file, &st, "the module", err))
        return false;
    uid_t owner = st.st_uid;
    size_t n = (size_t)(path_base(file) - file);
    snprintf(dir, sizeof(dir), "%.*s", n > 1 ? (int)(n - 1) : (int)n, n > 0 ? file : ".");
    if (n == 0)
        snprintf(dir, sizeof(dir), ".");
    if (stat(dir, &st) != 0)
        return err_sys(err, errno, "cannot look at %s", dir);
    return check_mode(dir, &st, "the folder", err) && check_owner(file, owner, &st, err);
}

/* ---- the note ---- */

/* They are shown in lists and in the log. */
static bool is_plain(const char *text)
{
    for (const char *p = text; *p; p++) {
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            return false;
    }
    return true;
}

static bool check_note(const char *file, const struct cs_note *n, struct err *err)
{
    if (n->abi_major != CS_ABI_MAJOR) {
        err_set(err, "%s was built for module API %u.%u; this server speaks %u.x", file,
                n->abi_major, n->abi_minor, CS_ABI_MAJOR);
        return err_hint(err,
                        "Rebuild it against this server's headers (pkg-config --cflags cserv)");
    }
    if (n->abi_minor > CS_ABI_MINOR_MAX) {
        err_set(err, "%s was built for module API %u.%u; this server speaks up to %u.%u", file,
                n->abi_major, n->abi_minor, CS_ABI_MAJOR, CS_ABI_MINOR_MAX);
        return err_hint(err, "Update the server, or build with -DCS_ABI_MINOR=%u",
                        CS_ABI_MINOR_MAX);
    }
    if (CS_ABI_MAJOR == 0 && n->abi_hash != CS_ABI_HASH) {
        err_set(err,
                "%s was built against another development state of the module API (%08x, this "
                "server has %08x)",
                file, n->abi_hash, CS_ABI_HASH);
        return err_hint(err,
                        "Rebuild it against this server's headers (pkg-config --cflags cserv)");
    }
    uint32_t foreign = n->flags & ~(CS_FLAGS_BUILD_ | CS_FLAG_SERVER);
    if (foreign) {
        const char *what = foreign & CS_FLAG_ASAN   ? "AddressSanitizer"
                           : foreign & CS_FLAG_TSAN ? "ThreadSanitizer"
                                                    : "flags unknown to this server";
        err_set(err, "%s was built with %s, this server was not", file, what);
        return err_hint(err,
                        "Build both alike: drop -fsanitize, or use a sanitizer build of cserv");
    }
    if (!is_plain(n->name) || !is_plain(n->version)) {
        err_set(err, "%s has a control character in its name or version", file);
        return err_hint(err, "Mend the first two arguments of CS_WEBAPP");
    }
    return true;
}

/* ---- what it needs ---- */

/* The folder that libc came from is where the distribution keeps its libraries. Asked by a function that
 * no sanitizer puts its own in place of (regression 207: with clang's, no module's libc was found). */
static const char *system_library_dir(void)
{
    static char dir[512];
    Dl_info info;
    if (dir[0] == '\0' && dladdr((void *)(uintptr_t)&getauxval, &info) && info.dli_fname) {
        char *real = realpath(info.dli_fname, NULL);
        const char *name = real ? real : info.dli_fname;
        snprintf(dir, sizeof(dir), "%.*s", (int)(path_base(name) - name), name);
        free(real);
    }
    return dir;
}

static bool check_needed(void *arg, const char *name, struct err *err)
{
    static const char *const dirs[] = {"/lib/", "/usr/lib/", "/lib64/", "/usr/lib64/"};
    char path[1024];
    if (!strchr(name, '/')) {
        snprintf(path, sizeof(path), "%s%s", system_library_dir(), name);
        if (path_exists(path))
            return true;
        for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
            snprintf(path, sizeof(path), "%s%s", dirs[i], name);
            if (path_exists(path))
                return true;
        }
    }
    err_set(err, "%s needs the library %s, which is not in the system's library folders",
            (const char *)arg, name);
    return err_hint(err, "Link code of its own statically: two webapps with a library of one name "
                         "would share the first one loaded");
}

static bool check_dynamic(struct elf_file *f, struct err *err)
{
    if (!elf_read_dynamic(f, err))
        return false;
    if (f->runpath) {
        err_set(err, "%s has a library search path of its own (%s)", f->name, f->runpath);
        return err_hint(err, "Link without -rpath; link code of its own statically");
    }
    if (f->flags_1 & DF_1_NODELETE) {
        err_set(err, "%s is marked NODELETE and could never be replaced", f->name);
        return err_hint(err, "Link without -z nodelete");
    }
    if (f->static_tls) {
        err_set(err, "%s uses static thread-local storage, which runs out after some reloads",
                f->name);
        return err_hint(err, "Build with -ftls-model=global-dynamic, and link nothing in that was "
                             "built with initial-exec");
    }
    return elf_each_needed(f, check_needed, (void *)(uintptr_t)f->name, err) &&
           elf_check_symbols(f, err);
}

/* ---- together ---- */

void image_hash(struct span bytes, char out[IMAGE_HASH_SIZE])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    CHECK(EVP_Digest(bytes.p, bytes.n, digest, &n, EVP_sha256(), NULL) == 1 && n == 32);
    for (unsigned i = 0; i < n; i++)
        snprintf(out + (size_t)i * 2, 3, "%02x", digest[i]);
}

static bool check_image(struct image *im, struct err *err)
{
    struct elf_file f = {.name = im->path, .bytes = buf_span(&im->bytes)};
    const void *note;
    if (!elf_open(&f, err) || !elf_find_note(&f, &note, err))
        return false;
    memcpy(&im->note, note, sizeof(im->note));
    im->note.name[sizeof(im->note.name) - 1] = '\0';
    im->note.version[sizeof(im->note.version) - 1] = '\0';
    return check_note(im->path, &im->note, err) && check_dynamic(&f, err) &&
           elf_find_attributes(&f, &im->attributes, err);
}

bool image_read(struct image *out, const char *file, struct err *err)
{
    *out = (struct image){.bytes = BUF_EMPTY};
    snprintf(out->path, sizeof(out->path), "%s", file);
    if (!check_permissions(file, err) || !path_read_file(file, IMAGE_MAX, &out->bytes, err) ||
        !check_image(out, err)) {
        image_free(out);
        return false;
    }
    image_hash(buf_span(&out->bytes), out->hash);
    return true;
}

void image_free(struct image *im)
{
    buf_free(&im->bytes);
}

static bool write_all(int fd, struct span s)
{
    while (s.n > 0) {
        ssize_t n = write(fd, s.p, s.n);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        s = span_from(s, (size_t)n);
    }
    return true;
}

bool image_copy(const struct image *im, const char *dir, const char *name, char *path, size_t size,
                struct err *err)
{
    int n = snprintf(path, size, "%s/%s.so", dir, name);
    if (n < 0 || (size_t)n >= size)
        return err_set(err, "the path of the copy of %s is too long", im->path);
    unlink(path); /* of an epoch that had the same number: never written over */
    int fd = path_make_file(path, O_WRONLY | O_EXCL, PATH_MODE_SECRET);
    if (fd < 0)
        return err_sys(err, errno, "cannot make %s", path);
    bool ok = write_all(fd, buf_span(&im->bytes));
    int cause = errno;
    if (close(fd) != 0 && ok) {
        ok = false;
        cause = errno;
    }
    if (!ok) {
        unlink(path);
        err_sys(err, cause, "cannot copy %s to %s", im->path, path);
        return err_hint(err, "Make room on the disk of work/");
    }
    return true;
}
