/* SPDX-License-Identifier: Apache-2.0
 * What a module's file exports: exactly cs_module_describe. Anything else could be found by, or shared
 * with, another module or another generation of the same one. */
#include <string.h>

#include "loader/elf_priv.h"

#define DESCRIBE "cs_module_describe"

static bool read_u32(const struct elf_file *f, uint64_t address, uint32_t *out)
{
    const void *p = elf_at_address(f, address, sizeof(*out));
    if (p)
        memcpy(out, p, sizeof(*out));
    return p != NULL;
}

/* Number of dynamic symbols: the section headers may be stripped, the hash tables may not. */
static bool count_from_gnu_hash(const struct elf_file *f, uint32_t *count)
{
    uint32_t buckets, first, bloom, last = 0, hash;
    if (!read_u32(f, f->gnu_hash, &buckets) || !read_u32(f, f->gnu_hash + 4, &first) ||
        !read_u32(f, f->gnu_hash + 8, &bloom))
        return false;
    uint64_t table = f->gnu_hash + 16 + (uint64_t)bloom * sizeof(ElfW(Addr));
    uint64_t chain = table + (uint64_t)buckets * 4;
    for (uint32_t i = 0; i < buckets; i++) {
        uint32_t start;
        if (!read_u32(f, table + (uint64_t)i * 4, &start))
            return false;
        if (start > last)
            last = start;
    }
    *count = first;
    if (last < first)
        return true; /* nothing is exported */
    do {
        if (!read_u32(f, chain + (uint64_t)(last - first) * 4, &hash) || last == UINT32_MAX)
            return false;
        last++;
    } while (!(hash & 1));
    *count = last;
    return true;
}

static bool count_symbols(const struct elf_file *f, uint32_t *count)
{
    if (f->gnu_hash)
        return count_from_gnu_hash(f, count);
    return f->sysv_hash && read_u32(f, f->sysv_hash + 4, count);
}

static bool check_symbol(const struct elf_file *f, const ElfW(Sym) *s, const char *name,
                         bool *describes, struct err *err)
{
    unsigned bind = ELF64_ST_BIND(s->st_info), visibility = ELF64_ST_VISIBILITY(s->st_other);
    if (s->st_shndx == SHN_UNDEF || bind == STB_LOCAL || visibility == STV_HIDDEN ||
        visibility == STV_INTERNAL)
        return true;
    if (bind == STB_GNU_UNIQUE) {
        err_set(err,
                "%s exports the unique symbol %s, which a new version would share with the old",
                f->name, name);
        return err_hint(err, "Link with the version script of pkg-config --libs cserv");
    }
    if (strcmp(name, DESCRIBE) == 0) {
        *describes = true;
        return true;
    }
    err_set(err, "%s exports %s; a module exports only " DESCRIBE, f->name, name);
    return err_hint(err, "Link with the version script of pkg-config --libs cserv");
}

bool elf_check_symbols(struct elf_file *f, struct err *err)
{
    uint32_t count;
    bool describes = false;
    if (!count_symbols(f, &count))
        return elf_truncated(f, err);
    for (uint32_t i = 1; i < count; i++) {
        ElfW(Sym) s;
        const void *p = elf_at_address(f, f->symbols + (uint64_t)i * sizeof(s), sizeof(s));
        if (!p)
            return elf_truncated(f, err);
        memcpy(&s, p, sizeof(s));
        const char *name = elf_string(f, s.st_name);
        if (!name)
            return elf_truncated(f, err);
        if (!check_symbol(f, &s, name, &describes, err))
            return false;
    }
    if (describes)
        return true;
    err_set(err, "%s does not export " DESCRIBE, f->name);
    return err_hint(err, "Use CS_WEBAPP, and do not strip dynamic symbols");
}
