/* SPDX-License-Identifier: Apache-2.0
 * What the files of the examples module share. module.c puts them into its tables; every other file is one
 * example, or a small helper of several. */
#ifndef EXAMPLES_H
#define EXAMPLES_H
#include <stdbool.h>
#include <stdio.h>
#include <cserv/servlet.h>

int hello_get(cs_request *req, cs_response *res);
int greetings_register(cs_ctx *ctx);
int echo(cs_request *req, cs_response *res);
int request_service(cs_request *req, cs_response *res);
int form_get(cs_request *req, cs_response *res);
int form_post(cs_request *req, cs_response *res);
extern const cs_multipart files_limits;
int files_get(cs_request *req, cs_response *res);
int files_post(cs_request *req, cs_response *res);
int cookie_get(cs_request *req, cs_response *res);
int settings_begin(cs_ctx *ctx, void **self);
int settings_get(cs_request *req, cs_response *res);
int hints_get(cs_request *req, cs_response *res);
int page_get(cs_request *req, cs_response *res);
int tidy_filter(cs_request *req, cs_response *res, cs_chain *chain, void *self);
int sleep_get(cs_request *req, cs_response *res);
int stopwatch_filter(cs_request *req, cs_response *res, cs_chain *chain, void *self);
int wait_get(cs_request *req, cs_response *res);
int later_get(cs_request *req, cs_response *res);
int later_show(cs_request *req, cs_response *res);
int events_init(cs_config *config, void **self);
void events_destroy(cs_ctx *ctx, void *self);
int events_get(cs_request *req, cs_response *res);
int ticks_init(cs_config *config, void **self);
int ticks_get(cs_request *req, cs_response *res);
int big_init(cs_config *config, void **self);
int big_get(cs_request *req, cs_response *res);
int upload_init(cs_config *config, void **self);
int upload(cs_request *req, cs_response *res);
int shout(cs_request *req, cs_response *res);
int visits_begin(cs_ctx *ctx, void **self);
void visits_end(cs_ctx *ctx, void *self);
int visits_get(cs_request *req, cs_response *res);
int fail_get(cs_request *req, cs_response *res);
int sorry_get(cs_request *req, cs_response *res);
int64_t download_modified(cs_request *req);
int download_get(cs_request *req, cs_response *res);

/* The parameter NAME as a number from 0 to MAX into *OUT. False when it is absent, has anything but
 * decimal digits, or is too large. */
bool number_param(cs_request *req, const char *name, int64_t max, int64_t *out);

/* Sets the type and begins a page with TITLE, which is the example's own; it ends with "</main>". */
int html_begin(cs_response *res, const char *title);
/* TEXT, whatever is in it, as HTML shows it. */
int html_text(cs_response *res, cs_str text);

/* Writes JSON. The first failed write stays in `rc` and later calls do nothing, so that a caller looks
 * at it once, at the end. */
struct json {
    cs_response *res;
    bool inside; /* something was written in the array or object that is open: a comma comes next */
    int rc;
};
void json_open(struct json *j, const char *key, char bracket); /* KEY may be NULL */
void json_close(struct json *j, char bracket);
void json_text(struct json *j, const char *key, cs_str text); /* absent: null */
void json_number(struct json *j, const char *key, int64_t number);
#endif
