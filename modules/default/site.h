/* SPDX-License-Identifier: Apache-2.0
 * One registration of the default servlet in one webapp: what its init parameters say, its folder, its
 * cache. Made by init, shared by all requests. */
#ifndef DEFAULT_SITE_H
#define DEFAULT_SITE_H
#include <cserv/servlet.h>
#include <pthread.h>
#include <stdbool.h>

#include "cache.h"

#define CODINGS_MAX 8u
struct coding { /* a file NAME.EXTENSION beside NAME holds it in this coding */
    char *name;
    char *extension; /* ".br" */
};
struct settings {
    bool listings, sort_listings, folders_first, show_server;
    bool readonly, partial_put, post_as_get;
    bool accept_ranges, strong_etags;
    int64_t
        sendfile_min; /* bytes; files from this size on are not held in memory; INT64_MAX: off */
    int64_t cache_bytes, cache_object_max;
    uint32_t redirect_status;
    const char *charset; /* of text; "" for none */
    struct coding codings[CODINGS_MAX];
    unsigned coding_count;
};
/* False: a parameter is malformed (logged with its name). What is filled lives as long as the webapp. */
bool settings_read(struct settings *s, cs_config *config);

struct root { /* the folder, opened; a newer one may be in use already */
    _Atomic uint32_t holders;
    int fd;
    uint64_t dev, ino;
};
struct site {
    cs_ctx *ctx;
    struct settings settings;
    cs_str folder; /* absent: the webapp is a single file */
    struct cache *cache;
    pthread_mutex_t lock; /* root */
    struct root *root;
    pthread_mutex_t writing; /* one PUT or DELETE at a time: conditions hold until they are done */
    uint64_t secret;         /* of boundaries */
    _Atomic uint64_t counter;
};

/* The folder as it is now: it may have been replaced. NULL with *error = -errno. */
struct root *site_root(struct site *s, int *error);
/* The folder as it was when it was last looked at; NULL: never yet. */
struct root *site_last_root(struct site *s);
void root_release(struct root *r);

#endif
