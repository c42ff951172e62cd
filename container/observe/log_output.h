/* SPDX-License-Identifier: Apache-2.0
 * The writer's side of the log: lines put together into batches, the day's file, the copy. One thread:
 * the writer, before it starts log_start. */
#ifndef OBSERVE_LOG_OUTPUT_H
#define OBSERVE_LOG_OUTPUT_H
#include "observe/log_priv.h"
#include "observe/log_sink.h"

struct log_output;

struct log_output *log_output_open(const struct log_options *options, struct err *err);
void log_output_close(struct log_output *o);
/* Both return how many lines were lost: those that did not get where it counts, which is the file if
 * there is one. */
size_t log_output_put(struct log_output *o, int64_t wall_us, enum log_level level,
                      const char *thread, enum log_room room, const char *text, size_t n);
size_t log_output_flush(struct log_output *o);
/* A line of the writer's own, written by itself. False when it was lost; that is not counted. */
bool log_output_say(struct log_output *o, enum log_level level, const char *text);
/* Opens the file anew before the next line. */
void log_output_reopen(struct log_output *o);
/* Why lines were lost lately: an errno, 0 = the file took all it was given. */
int log_output_failure(const struct log_output *o);

#endif
