/* SPDX-License-Identifier: Apache-2.0
 * What every fuzz target of this folder has: the two calls of libFuzzer, an input that gives its first
 * bytes away as options, and a file in memory for readers that want a path. A target tells a finding by
 * a failing CHECK; libFuzzer (option CSERV_FUZZ) or replay.c is its main. */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H
#include <stdint.h>

#include "base/check.h"
#include "base/span.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Takes the first byte of what is left; 0 when nothing is left. Corpus files are easier to read when
 * options are letters, so only the low bits count: 'a' is 1, '@' or '`' is 0. */
static inline uint8_t fuzz_option(struct span *input)
{
    if (input->n == 0)
        return 0;
    uint8_t byte = (uint8_t)input->p[0];
    *input = span_from(*input, 1);
    return byte & 0x1F;
}

/* The next cut of a run of LEFT bytes, by a small generator whose state is *CUTS: 0 is one piece of
 * everything, 1 is single bytes, others are pieces of one to a few dozen bytes. */
static inline size_t fuzz_cut(uint32_t *cuts, size_t left)
{
    if (*cuts == 0)
        return left;
    if (*cuts == 1)
        return 1;
    *cuts = *cuts * 1664525u + 1013904223u;
    *cuts |= 2;
    size_t n = 1 + (*cuts >> 16) % ((*cuts >> 28) < 8 ? 3 : 37);
    return n < left ? n : left;
}

/* memory_file.c: the path of a file that holds BYTES, always the same one. */
const char *fuzz_file(struct span bytes);

#endif
