/* SPDX-License-Identifier: Apache-2.0
 * Reading an ELF file in memory without trusting it. Used by image.c and elf_symbols.c. */
#ifndef LOADER_ELF_PRIV_H
#define LOADER_ELF_PRIV_H
#include <elf.h>
#include <link.h>

#include "base/err.h"
#include "base/span.h"

struct elf_file {
    const char *name; /* for messages */
    struct span bytes;
    ElfW(Ehdr) head;
    /* of the dynamic section; addresses are as in the file */
    uint64_t strings, strings_size, symbols, gnu_hash, sysv_hash;
    uint64_t flags, flags_1;
    bool has_dynamic, static_tls;
    const char *runpath;
};

/* COUNT bytes at file offset OFFSET, or NULL when they are not all there. */
const void *elf_at(const struct elf_file *f, uint64_t offset, uint64_t count);
/* The same for a memory address, through the PT_LOAD segments. */
const void *elf_at_address(const struct elf_file *f, uint64_t address, uint64_t count);
bool elf_header(struct elf_file *f, uint32_t i, ElfW(Phdr) *out);
/* A terminated string of the dynamic string table, or NULL. */
const char *elf_string(const struct elf_file *f, uint64_t offset);

bool elf_open(struct elf_file *f, struct err *err); /* the header: format and machine */
bool elf_find_note(struct elf_file *f, const void **note, struct err *err);
/* The text of CS_ATTRIBUTES, terminated; "" when there is none. */
bool elf_find_attributes(struct elf_file *f, struct span *text, struct err *err);
bool elf_read_dynamic(struct elf_file *f, struct err *err);
/* Calls FN for each DT_NEEDED. */
bool elf_each_needed(const struct elf_file *f,
                     bool (*fn)(void *arg, const char *name, struct err *err), void *arg,
                     struct err *err);
bool elf_check_symbols(struct elf_file *f, struct err *err); /* exports, unique symbols */
bool elf_truncated(const struct elf_file *f, struct err *err);

#endif
