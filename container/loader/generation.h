/* SPDX-License-Identifier: Apache-2.0
 * One generation of a webapp's code: its modules and the life-cycle thread that opens them, runs their
 * hooks and closes them. Uses (output held by write_static) are counted; what a request uses is covered
 * by hazard slots. Made by deploy; engine runs hooks through it. */
#ifndef LOADER_GENERATION_H
#define LOADER_GENERATION_H
#include "loader/image.h"
#include "loader/module.h"

struct generation;

/* NAME: for the thread and the log. NULL: err. */
struct generation *generation_new(const char *name, uint64_t number, struct err *err);
uint64_t generation_number(const struct generation *g);

enum generation_result { GENERATION_DONE, GENERATION_TIMEOUT };
/* Runs FN(ARG) on the life-cycle thread and waits up to LIMIT_US. On a time-out the thread is abandoned:
 * FN may still run, ARG must stay valid for ever, and nothing of this generation may be called again. */
enum generation_result generation_call(struct generation *g, void (*fn)(void *arg), void *arg,
                                       uint64_t limit_us);

/* On the life-cycle thread (in generation_call). Opens the private copy at MAPPED. */
bool generation_add(struct generation *g, const char *mapped, const struct image *im,
                    struct err *err);
/* The same for a descriptor that is part of this program, which the test kit describes. */
bool generation_adopt(struct generation *g, const cs_module *descriptor, const char *name,
                      struct err *err);
uint32_t generation_module_count(const struct generation *g);
struct module *generation_module(const struct generation *g, uint32_t i);

void generation_hold(struct generation *g); /* a use: any thread */
void generation_release(void *g);           /* signature of chain_release_fn */
uint32_t generation_uses(const struct generation *g);

/* Closes the modules on the life-cycle thread, ends it, frees all. An abandoned generation is left as it
 * is. *G becomes NULL. */
void generation_end(struct generation **g);

#endif
