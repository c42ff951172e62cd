/* SPDX-License-Identifier: Apache-2.0
 * A command's answer as one JSON object (--json), which always begins with the base, and its failure in
 * both forms. Used by every cmd_*.c that prints data. */
#ifndef CLI_ANSWER_H
#define CLI_ANSWER_H
#include "base/err.h"
#include "base/json.h"

struct answer {
    struct buf out;
    struct json j; /* writes to out, within the object */
};

#define JSON_DOC "print one JSON object instead"

/* The object is open and has its first member, "base". */
void answer_begin(struct answer *a, const char *base);
/* Closes the object and prints it as one line. Returns the command's exit code: 0, or 1 without
 * memory, which is told. Always ends A. */
int answer_end(struct answer *a);

/* The member NAME (NULL: an element) with an error's text and its parts. */
void answer_put_error(struct answer *a, const char *name, const struct err *err);

/* The same to FD, where the object is all that stands. */
int answer_end_at(struct answer *a, int fd);

/* For commands whose process prints more than the object: until answer_back, what is written to stdout
 * goes to stderr, and *KEPT (CLOEXEC) is what was stdout. */
bool answer_aside(int *kept);
bool answer_back(int kept);

/* How a command fails: the error on stderr; with --json an object with the member "error" on stdout
 * besides. Returns 1. */
int answer_error(const char *base, bool json, const struct err *err);
/* The same for an error that has only its text. */
int answer_failed(const char *base, bool json, struct span text);

#endif
