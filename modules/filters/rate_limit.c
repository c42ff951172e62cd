/* SPDX-License-Identifier: Apache-2.0
 * The filter ratelimit: so many requests of one client in so many seconds, the others are refused. The client
 * is its address as far as it is known: behind a proxy the valve remoteip comes before it. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "buckets.h"
#include "filters.h"
#include "params.h"

#define COUNT_ATTRIBUTE "org.apache.catalina.filters.RateLimitFilter.Count"

struct rate_limit {
    struct buckets *buckets;
    int64_t requests, duration, status, ipv6_bits;
    int enforce, expose;
    const char *message, *policy;
};

/* A string of RFC 8941 3.3.3 that needs no escapes. */
static int is_policy_name(const char *text)
{
    size_t n = 0;
    while (text[n] >= ' ' && text[n] < 0x7f && text[n] != '"' && text[n] != '\\')
        n++;
    return n > 0 && n <= 100 && !text[n];
}

static int read_class(cs_config *config, const char *name)
{
    if (strcmp(name, "org.apache.catalina.util.FastRateLimiter") == 0 ||
        strcmp(name, "org.apache.catalina.util.ExactRateLimiter") == 0)
        return CS_OK;
    return params_refuse(config, "rateLimitClassName", name,
                         "org.apache.catalina.util.FastRateLimiter or ...ExactRateLimiter, which "
                         "both count exactly here");
}

static int read_all(struct rate_limit *l, cs_config *config)
{
    const char *name = cs_config_name(config).ptr, *own = NULL;
    const char *class_name = "org.apache.catalina.util.FastRateLimiter";
    const struct param rows[] = {
        {"bucketRequests", PARAM_NUMBER, &l->requests, 1, INT32_MAX, 0},
        {"bucketDuration", PARAM_NUMBER, &l->duration, 1, 31536000, 0},
        {"enforce", PARAM_SWITCH, &l->enforce, 0, 0, 0},
        {"exposeHeaders", PARAM_SWITCH, &l->expose, 0, 0, 0},
        {"policyName", PARAM_TEXT, &own, 0, 0, 0},
        {"statusCode", PARAM_NUMBER, &l->status, 400, 599, 0},
        {"statusMessage", PARAM_TEXT, &l->message, 0, 0, 0},
        {"rateLimitClassName", PARAM_TEXT, &class_name, 0, 0, 0},
        {"ipv6Prefix", PARAM_NUMBER, &l->ipv6_bits, 16, 128, 0},
    };
    int rc = params_read(config, rows, sizeof(rows) / sizeof(rows[0]));
    if (rc == CS_OK)
        rc = read_class(config, class_name);
    if (rc == CS_OK && own && !is_policy_name(own))
        rc = params_refuse(config, "policyName", own,
                           "1 to 100 printable ASCII characters other than \" and \\");
    l->policy = own ? own : is_policy_name(name) ? name : "default";
    return rc;
}

int rate_limit_init(cs_config *config, void **self)
{
    struct rate_limit *l = cs_ctx_alloc(cs_config_ctx(config), sizeof(*l));
    if (!l)
        return CS_ENOMEM;
    *l = (struct rate_limit){.requests = 300,
                             .duration = 60,
                             .status = 429,
                             .ipv6_bits = 64,
                             .enforce = 1,
                             .message = "Too many requests"};
    *self = l;
    int rc = read_all(l, config);
    if (rc != CS_OK)
        return rc;
    l->buckets = buckets_new((uint32_t)l->duration);
    return l->buckets ? CS_OK : CS_ENOMEM;
}

void rate_limit_destroy(cs_ctx *ctx, void *self)
{
    struct rate_limit *l = self;
    (void)ctx;
    buckets_free(l->buckets);
}

/* draft-ietf-httpapi-ratelimit-headers-08: the policy, and how much of it is left. */
static int tell(cs_response *res, const struct rate_limit *l, struct bucket_view seen)
{
    char text[200];
    snprintf(text, sizeof(text), "\"%s\";q=%" PRId64 ";w=%" PRId64, l->policy, l->requests,
             l->duration);
    int rc = cs_res_header_str(res, cs_str_of("RateLimit-Policy"), cs_str_of(text), CS_HEADER_ADD);
    if (rc != CS_OK || !l->enforce)
        return rc;
    int64_t left = l->requests > seen.count ? l->requests - seen.count : 0;
    snprintf(text, sizeof(text), "\"%s\";r=%" PRId64 ";t=%u", l->policy, left, seen.left);
    return cs_res_header_str(res, cs_str_of("RateLimit"), cs_str_of(text), CS_HEADER_ADD);
}

static int refuse(cs_response *res, const struct rate_limit *l, struct bucket_view seen)
{
    char seconds[16];
    snprintf(seconds, sizeof(seconds), "%u", seen.left);
    int rc = cs_res_header(res, "Retry-After", seconds);
    return rc == CS_OK ? cs_res_error(res, (uint32_t)l->status, l->message) : rc;
}

/* For servlets and filters behind this one, as in Tomcat; the text lives as long as the request. */
static int attach(cs_request *req, uint32_t count)
{
    char *text = cs_req_alloc(req, 12);
    if (!text)
        return CS_ENOMEM;
    snprintf(text, 12, "%u", count);
    return cs_req_attr_set(req, COUNT_ATTRIBUTE, text, NULL);
}

int rate_limit_filter(cs_request *req, cs_response *res, cs_chain *chain, void *self)
{
    const struct rate_limit *l = self;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    struct client client = client_of(cs_req_get(req, CS_REQ_REMOTE_ADDR), (unsigned)l->ipv6_bits);
    struct bucket_view seen = buckets_count(
        l->buckets, client, (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000);
    int rc = attach(req, seen.count);
    if (rc == CS_OK && l->expose)
        rc = tell(res, l, seen);
    if (rc != CS_OK)
        return rc;
    if (l->enforce && seen.count > l->requests)
        return refuse(res, l, seen);
    return cs_chain_next(chain, req, res);
}
