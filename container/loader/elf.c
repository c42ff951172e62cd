/* SPDX-License-Identifier: Apache-2.0
 * ELF headers, note and dynamic section: see elf_priv.h. Every offset comes from an untrusted file and
 * goes through elf_at. */
#include "loader/elf_priv.h"

#include <string.h>

#include <cserv/abi.h>

#define NOTE_OWNER "cserv"

const void *elf_at(const struct elf_file *f, uint64_t offset, uint64_t count)
{
    if (offset > f->bytes.n || count > f->bytes.n - offset)
        return NULL;
    return f->bytes.p + offset;
}

bool elf_header(struct elf_file *f, uint32_t i, ElfW(Phdr) *out)
{
    const void *p = elf_at(f, f->head.e_phoff + (uint64_t)i * sizeof(*out), sizeof(*out));
    if (p)
        memcpy(out, p, sizeof(*out));
    return p != NULL;
}

const void *elf_at_address(const struct elf_file *f, uint64_t address, uint64_t count)
{
    struct elf_file *file = (struct elf_file *)(uintptr_t)f;
    for (uint32_t i = 0; i < f->head.e_phnum; i++) {
        ElfW(Phdr) ph;
        if (!elf_header(file, i, &ph) || ph.p_type != PT_LOAD || address < ph.p_vaddr)
            continue;
        uint64_t into = address - ph.p_vaddr;
        if (into <= ph.p_filesz && count <= ph.p_filesz - into)
            return elf_at(f, ph.p_offset + into, count);
    }
    return NULL;
}

const char *elf_string(const struct elf_file *f, uint64_t offset)
{
    if (offset >= f->strings_size)
        return NULL;
    uint64_t left = f->strings_size - offset;
    const char *p = elf_at_address(f, f->strings + offset, left);
    return p && memchr(p, '\0', left) ? p : NULL;
}

bool elf_truncated(const struct elf_file *f, struct err *err)
{
    err_set(err, "%s is truncated", f->name);
    return err_hint(err, "Copy the file again, under another name first, then rename it");
}

bool elf_open(struct elf_file *f, struct err *err)
{
    const void *p = elf_at(f, 0, sizeof(f->head));
    if (f->bytes.n < SELFMAG || memcmp(f->bytes.p, ELFMAG, SELFMAG) != 0) {
        err_set(err, "%s is not an ELF file", f->name);
        return err_hint(err, "A module is a shared object: cc -shared -fPIC ...");
    }
    if (!p)
        return elf_truncated(f, err);
    memcpy(&f->head, p, sizeof(f->head));
#if defined(__x86_64__)
    const unsigned machine = EM_X86_64;
#elif defined(__aarch64__)
    const unsigned machine = EM_AARCH64;
#else
#error "add this machine's EM_ number"
#endif
    if (f->head.e_ident[EI_CLASS] != (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32) ||
        f->head.e_machine != machine) {
        err_set(err, "%s is built for another machine (ELF machine %u, this server is %u)", f->name,
                f->head.e_machine, machine);
        return err_hint(err, "Build it with this machine's compiler");
    }
    if (f->head.e_type != ET_DYN) {
        err_set(err, "%s is an ELF file but no shared object", f->name);
        return err_hint(err, "Link it with -shared");
    }
    if (f->head.e_phentsize != sizeof(ElfW(Phdr)) ||
        !elf_at(f, f->head.e_phoff, (uint64_t)f->head.e_phnum * sizeof(ElfW(Phdr))))
        return elf_truncated(f, err);
    for (uint32_t i = 0; i < f->head.e_phnum; i++) {
        ElfW(Phdr) ph;
        elf_header(f, i, &ph);
        if (ph.p_type == PT_LOAD && !elf_at(f, ph.p_offset, ph.p_filesz))
            return elf_truncated(f, err);
    }
    return true;
}

/* One of our notes: its descriptor and how many of its kind there are. */
struct note_search {
    uint32_t type;
    size_t least; /* bytes, with the head */
    int found;
    const char *note; /* the last one, with its head */
    struct span descriptor;
};

/* Walks one PT_NOTE segment. False: truncated. */
static bool scan_notes(const struct elf_file *f, const ElfW(Phdr) *ph, struct note_search *s)
{
    uint64_t at = ph->p_offset, end = ph->p_offset + ph->p_filesz;
    uint64_t align = ph->p_align == 8 ? 8 : 4;
    while (end - at >= sizeof(ElfW(Nhdr))) {
        ElfW(Nhdr) head;
        const char *p = elf_at(f, at, sizeof(head));
        if (!p)
            return false;
        memcpy(&head, p, sizeof(head));
        uint64_t name = ((uint64_t)head.n_namesz + 3) & ~3ull;
        uint64_t size = sizeof(head) + name + head.n_descsz;
        if (size > end - at || !(p = elf_at(f, at, size)))
            return false;
        if (head.n_namesz == sizeof(NOTE_OWNER) && head.n_type == s->type &&
            memcmp(p + sizeof(head), NOTE_OWNER, sizeof(NOTE_OWNER)) == 0 && size >= s->least) {
            s->note = p;
            s->descriptor = span_make(p + sizeof(head) + name, head.n_descsz);
            s->found++;
        }
        size = (size + align - 1) & ~(align - 1);
        if (size >= end - at)
            break;
        at += size;
    }
    return true;
}

static bool search_notes(struct elf_file *f, struct note_search *s, struct err *err)
{
    for (uint32_t i = 0; i < f->head.e_phnum; i++) {
        ElfW(Phdr) ph;
        elf_header(f, i, &ph);
        if (ph.p_type != PT_NOTE)
            continue;
        if (!elf_at(f, ph.p_offset, ph.p_filesz) || !scan_notes(f, &ph, s))
            return elf_truncated(f, err);
    }
    return true;
}

bool elf_find_note(struct elf_file *f, const void **note, struct err *err)
{
    struct note_search s = {.type = CS_NOTE_TYPE, .least = sizeof(struct cs_note)};
    *note = NULL;
    if (!search_notes(f, &s, err))
        return false;
    *note = s.note;
    if (s.found == 1)
        return true;
    if (s.found > 1) {
        err_set(err, "%s has %d module notes", f->name, s.found);
        return err_hint(err, "Use CS_WEBAPP or CS_MODULE in one source file of a module only");
    }
    err_set(err, "%s is no cserv module: it has no module note", f->name);
    return err_hint(err,
                    "Add CS_WEBAPP(\"name\", \"version\", ...) to it and link with the flags of "
                    "pkg-config --libs cserv");
}

bool elf_find_attributes(struct elf_file *f, struct span *text, struct err *err)
{
    struct note_search s = {.type = CS_NOTE_TYPE_ATTRIBUTES, .least = sizeof(ElfW(Nhdr)) + 8};
    *text = SPAN_LIT("");
    if (!search_notes(f, &s, err))
        return false;
    if (s.found == 0)
        return true;
    struct span d = s.descriptor;
    if (s.found > 1 || d.n == 0 || d.p[d.n - 1] != '\0' || memchr(d.p, '\0', d.n - 1)) {
        err_set(err, "%s has %s", f->name,
                s.found > 1 ? "two tables of attributes" : "a malformed table of attributes");
        return err_hint(err, "Use CS_ATTRIBUTES once in a module");
    }
    *text = span_cut(d, 0, d.n - 1);
    return true;
}

static void take_entry(struct elf_file *f, const ElfW(Dyn) *d)
{
    switch (d->d_tag) {
    case DT_STRTAB:
        f->strings = d->d_un.d_ptr;
        break;
    case DT_STRSZ:
        f->strings_size = d->d_un.d_val;
        break;
    case DT_SYMTAB:
        f->symbols = d->d_un.d_ptr;
        break;
    case DT_GNU_HASH:
        f->gnu_hash = d->d_un.d_ptr;
        break;
    case DT_HASH:
        f->sysv_hash = d->d_un.d_ptr;
        break;
    case DT_FLAGS:
        f->flags = d->d_un.d_val;
        break;
    case DT_FLAGS_1:
        f->flags_1 = d->d_un.d_val;
        break;
    default:
        break;
    }
}

/* Calls FN for each entry of the dynamic section; false when there is none. */
static bool each_entry(const struct elf_file *f, void (*fn)(void *arg, const ElfW(Dyn) *d),
                       void *arg)
{
    for (uint32_t i = 0; i < f->head.e_phnum; i++) {
        ElfW(Phdr) ph;
        if (!elf_header((struct elf_file *)(uintptr_t)f, i, &ph) || ph.p_type != PT_DYNAMIC)
            continue;
        for (uint64_t at = 0; ph.p_filesz - at >= sizeof(ElfW(Dyn)); at += sizeof(ElfW(Dyn))) {
            ElfW(Dyn) d;
            const void *p = elf_at(f, ph.p_offset + at, sizeof(d));
            if (!p)
                return false;
            memcpy(&d, p, sizeof(d));
            if (d.d_tag == DT_NULL)
                break;
            fn(arg, &d);
        }
        return true;
    }
    return false;
}

static void take(void *arg, const ElfW(Dyn) *d)
{
    take_entry(arg, d);
}

static void take_runpath(void *arg, const ElfW(Dyn) *d)
{
    struct elf_file *f = arg;
    if (d->d_tag != DT_RUNPATH && d->d_tag != DT_RPATH)
        return;
    const char *path = elf_string(f, d->d_un.d_val);
    f->runpath = path ? path : "unreadable";
}

bool elf_read_dynamic(struct elf_file *f, struct err *err)
{
    if (!each_entry(f, take, f) || !f->symbols || !f->strings)
        return elf_truncated(f, err);
    each_entry(f, take_runpath, f);
    f->static_tls = (f->flags & DF_STATIC_TLS) != 0;
    return true;
}

struct needed {
    const struct elf_file *f;
    bool (*fn)(void *arg, const char *name, struct err *err);
    void *arg;
    struct err *err;
    bool ok;
};

static void take_needed(void *arg, const ElfW(Dyn) *d)
{
    struct needed *n = arg;
    if (d->d_tag != DT_NEEDED || !n->ok)
        return;
    const char *name = elf_string(n->f, d->d_un.d_val);
    n->ok = name ? n->fn(n->arg, name, n->err) : elf_truncated(n->f, n->err);
}

bool elf_each_needed(const struct elf_file *f,
                     bool (*fn)(void *arg, const char *name, struct err *err), void *arg,
                     struct err *err)
{
    struct needed n = {.f = f, .fn = fn, .arg = arg, .err = err, .ok = true};
    each_entry(f, take_needed, &n);
    return n.ok;
}
