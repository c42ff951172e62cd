/* SPDX-License-Identifier: Apache-2.0
 * Assertions for our own invariants. They stay on in release builds and never fire on what a peer,
 * a file or a module can do; those get an error. Used by every room. */
#ifndef BASE_CHECK_H
#define BASE_CHECK_H

/* Prints the failed expression with its place on stderr and aborts. */
_Noreturn void check_failed(const char *expr, const char *file, int line, const char *func);

#define CHECK(e)      ((e) ? (void)0 : check_failed(#e, __FILE__, __LINE__, __func__))
#define UNREACHABLE() check_failed("unreachable", __FILE__, __LINE__, __func__)

/* The struct that holds MEMBER at PTR. */
#define CONTAINER_OF(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))
#define ARRAY_COUNT(a)                  (sizeof(a) / sizeof((a)[0]))

#endif
