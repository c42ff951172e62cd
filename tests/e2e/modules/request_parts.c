/* SPDX-License-Identifier: Apache-2.0
 * For request_parts.py: a servlet that does to the parts of its request what the query says, and keeps what
 * the calls returned for a next request to ask; registered with several limits. */
#define _GNU_SOURCE
#include <cserv/servlet.h>
#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* The script's requests come one after the other, but for the one whose client goes. */
static char seen[8192];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

__attribute__((format(printf, 1, 2))) static void note(const char *format, ...)
{
    va_list args;
    pthread_mutex_lock(&lock);
    size_t n = strlen(seen);
    va_start(args, format);
    vsnprintf(seen + n, sizeof(seen) - n, format, args);
    va_end(args);
    pthread_mutex_unlock(&lock);
}

static void forget(void)
{
    pthread_mutex_lock(&lock);
    seen[0] = '\0';
    pthread_mutex_unlock(&lock);
}

static int tell(cs_response *res)
{
    char copy[sizeof(seen)];
    pthread_mutex_lock(&lock);
    memcpy(copy, seen, sizeof(copy));
    pthread_mutex_unlock(&lock);
    return cs_res_puts(res, copy);
}

static int is(cs_request *req, const char *op)
{
    cs_str query = cs_req_get(req, CS_REQ_QUERY);
    size_t n = strlen(op);
    return query.ptr && strncmp(query.ptr, op, n) == 0 && (!query.ptr[n] || query.ptr[n] == '&');
}

static const char *text(const char *s)
{
    return s ? s : "-";
}

/* A sum over the whole content, read in pieces of SIZE. */
static unsigned long sum_of(cs_part *part, size_t size)
{
    char buf[70000];
    unsigned long sum = 0;
    int64_t n;
    while ((n = cs_part_read(part, buf, size)) > 0)
        for (int64_t i = 0; i < n; i++)
            sum = sum * 31 + (unsigned char)buf[i];
    if (n < 0)
        note("(%lld)", (long long)n);
    return sum & 0xffffffff;
}

static void list(cs_request *req)
{
    cs_part *part;
    cs_str name, value;
    int rc;
    for (uint32_t i = 0; (rc = cs_req_part_at(req, i, &part)) == CS_OK; i++) {
        char head[9] = "";
        int64_t n = cs_part_read_at(part, 0, head, sizeof(head) - 1);
        head[n > 0 ? n : 0] = '\0';
        note("[%s|%s|%s|%lld|%s|%lx]", text(cs_part_name(part)), text(cs_part_file_name(part)),
             text(cs_part_content_type(part)), (long long)cs_part_size(part), head,
             sum_of(part, 7000));
    }
    note("%d;", rc);
    for (uint32_t i = 0; (rc = cs_req_param_at(req, i, &name, &value)) == CS_OK; i++)
        note("%.*s=%.*s;", (int)name.len, name.ptr, (int)(value.len < 40 ? value.len : 40),
             value.ptr);
    note("%d", rc);
}

static void fields(cs_request *req)
{
    cs_str name, value;
    cs_part *part = cs_req_part(req, "a");
    for (uint32_t i = 0; part && cs_part_header_at(part, i, &name, &value) == CS_OK; i++)
        note("%s: %s;", name.ptr, value.ptr);
    if (part)
        note("%s;%s;%s;%d", text(cs_part_header(part, "x-MORE", 0).ptr),
             text(cs_part_header(part, "X-More", 1).ptr),
             text(cs_part_header(part, "X-Other", 0).ptr),
             cs_part_header_at(part, 99, &name, &value));
    note(";%s", text(part ? cs_part_get(part, 99).ptr : "?"));
}

/* The NTH part of a name. */
static void nth(cs_request *req)
{
    cs_part *part;
    for (uint32_t i = 0; i < 3; i++) {
        char buf[16] = "";
        int rc = cs_req_part_nth(req, "a", i, &part);
        if (part)
            cs_part_read(part, buf, sizeof(buf) - 1);
        note("%d %s;", rc, part ? buf : "-");
    }
    note("%d %d %d", cs_req_part_nth(req, NULL, 0, &part), cs_req_part(req, "b") != NULL,
         cs_req_part_nth(req, "A", 0, &part));
}

/* Descriptors of files without a name, as the request's parts are in, and what the folder has. */
static void open_files(cs_request *req)
{
    DIR *folder = opendir("/proc/self/fd");
    struct dirent *e;
    const char *temp = cs_ctx_temp_folder(cs_req_ctx(req));
    cs_req_part(req, "a");
    while (folder && (e = readdir(folder))) {
        char path[600], target[600];
        struct stat st;
        snprintf(path, sizeof(path), "/proc/self/fd/%s", e->d_name);
        ssize_t n = readlink(path, target, sizeof(target) - 1);
        if (n < 0 || strncmp(target, temp, strlen(temp)) != 0 || stat(path, &st) != 0)
            continue;
        note("%o %lld %d;", (unsigned)st.st_mode & 07777, (long long)st.st_size, (int)st.st_nlink);
    }
    if (folder)
        closedir(folder);
    folder = opendir(temp);
    while (folder && (e = readdir(folder)))
        if (e->d_name[0] != '.')
            note("%s;", e->d_name);
    if (folder)
        closedir(folder);
}

/* Part "a" to each place that a parameter "to" names. */
static void put(cs_request *req)
{
    cs_part *part = cs_req_part(req, "a");
    const char *to;
    for (uint32_t i = 0; part && (to = cs_str_text(cs_req_param_str(req, "to", i))); i++)
        note("%d ", cs_part_write(part, to));
    if (part)
        note("%d %d", cs_part_write(part, NULL), cs_part_write(part, ""));
}

static void send(cs_request *req)
{
    cs_part *part = cs_req_part(req, "a");
    char buf[9] = "";
    int fd = memfd_create("sent", MFD_CLOEXEC);
    struct stat st = {.st_size = -1};
    if (part && fd >= 0 && write(fd, "at ", 3) == 3) {
        note("%d ", cs_part_send_to(part, fd));
        fstat(fd, &st);
        note("%lld %s ", (long long)st.st_size, pread(fd, buf, 8, 0) > 0 ? buf : "?");
        note("%d", cs_part_send_to(part, -1));
    }
    if (fd >= 0)
        close(fd);
}

static void discard(cs_request *req)
{
    cs_part *part = cs_req_part(req, "a");
    char buf[16];
    if (part)
        note("%d %lld %lld %d %d %d", cs_part_discard(part), (long long)cs_part_size(part),
             (long long)cs_part_read(part, buf, sizeof(buf)), cs_part_write(part, "never"),
             cs_part_send_to(part, 1), cs_part_discard(part));
}

static void pieces(cs_request *req)
{
    cs_part *part = cs_req_part(req, "a");
    char buf[9] = "";
    if (!part)
        return;
    note("%lx ", sum_of(part, 1));
    note("%lld ", (long long)cs_part_read(part, buf, 8));
    note("%lld %s ", (long long)cs_part_read_at(part, 2, buf, 3), buf);
    note("%lld ", (long long)cs_part_read_at(part, cs_part_size(part), buf, 3));
    note("%lld ", (long long)cs_part_read_at(part, INT64_MAX, buf, 3));
    note("%lld ", (long long)cs_part_read_at(part, -1, buf, 3));
    note("%lld ", (long long)cs_part_read_at(part, 0, NULL, 3));
    note("%lld", (long long)cs_part_read_at(part, 0, NULL, 0));
}

static cs_part *late_part;

static void late(void *part)
{
    char byte;
    note("cleanup %lld", (long long)cs_part_read_at(*(cs_part **)part, 0, &byte, 1));
}

static int serve(cs_request *req, cs_response *res)
{
    cs_part *part;
    char buf[16];
    forget();
    if (is(req, "list"))
        list(req);
    else if (is(req, "fields"))
        fields(req);
    else if (is(req, "nth"))
        nth(req);
    else if (is(req, "open"))
        open_files(req);
    else if (is(req, "put"))
        put(req);
    else if (is(req, "send"))
        send(req);
    else if (is(req, "discard"))
        discard(req);
    else if (is(req, "pieces"))
        pieces(req);
    else if (is(req, "async"))
        note("%d %d", cs_req_async_supported(req), cs_req_async_start(req, res, 0) == NULL);
    else if (is(req, "params"))
        note("%s", text(cs_req_param(req, "a")));
    else if (is(req, "read")) {
        note("%lld ", (long long)cs_req_read(req, buf, 4));
        note("%d %s", cs_req_part_at(req, 0, &part), text(cs_req_param(req, "a")));
    } else if (is(req, "line")) {
        note("%lld ", (long long)cs_req_read_line(req, buf, 4));
        note("%d %s", cs_req_part_at(req, 0, &part), text(cs_req_param(req, "a")));
    } else if (is(req, "after")) {
        part = cs_req_part(req, "a");
        note("%d %lld", part != NULL, (long long)cs_req_read(req, buf, 4));
    } else if (is(req, "cleanup-before")) {
        if (cs_req_on_cleanup(req, late, &late_part) == CS_OK)
            late_part = cs_req_part(req, "a");
    } else if (is(req, "cleanup-behind")) {
        late_part = cs_req_part(req, "a");
        cs_req_on_cleanup(req, late, &late_part);
    } else if (is(req, "twice")) {
        note("%d ", cs_req_part_at(req, 0, &part));
        note("%d %s", cs_req_part_at(req, 0, &part), text(cs_req_param(req, "list")));
    }
    return tell(res);
}

/* What the request before left. */
static int told(cs_request *req, cs_response *res)
{
    (void)req;
    return tell(res);
}

/* The parts of an asynchronous request, on a thread of its own after the servlet has returned. */
static void *tell_later(void *arg)
{
    cs_async *async = arg;
    cs_request *req;
    cs_response *res;
    if (cs_async_enter(async, &req, &res) == CS_OK) {
        list(req);
        tell(res);
        cs_async_leave(async);
    }
    cs_async_complete(async);
    cs_async_release(async);
    return NULL;
}

static int later(cs_request *req, cs_response *res)
{
    pthread_t thread;
    forget();
    if (is(req, "asked"))
        cs_req_part(req, "a");
    cs_async *async = cs_req_async_start(req, res, 0);
    if (!async || pthread_create(&thread, NULL, tell_later, async) != 0)
        return CS_ESTATE;
    pthread_detach(thread);
    return CS_OK;
}

/* Leads to the servlet above, which has limits; this one has none. */
static int forward(cs_request *req, cs_response *res)
{
    return cs_req_forward(req, res, "/do?list");
}

static int include(cs_request *req, cs_response *res)
{
    return cs_req_include(req, res, "/do?inc=1");
}

/* Passes a request on that is wrapped, and overrides nothing. */
static int wrap(cs_request *req, cs_response *res, cs_chain *chain, void *self)
{
    static const struct cs_override_req over = {.size = sizeof(over)};
    cs_request *wrapped = cs_req_wrap(req, &over, self);
    return wrapped ? cs_chain_next(chain, wrapped, res) : CS_EFAIL;
}

/* The page of a 400: no parts, whatever it asks. */
static int sorry(cs_request *req, cs_response *res)
{
    cs_part *part;
    const char *a = cs_req_param(req, "a");
    return cs_res_printf(res, "sorry %d %s", cs_req_part_at(req, 0, &part), text(a));
}

/* In front of a servlet: whoever asks first, the parts are the same. */
static int first(cs_request *req, cs_response *res, cs_chain *chain, void *self)
{
    (void)self;
    cs_req_param(req, "a");
    return cs_chain_next(chain, req, res);
}

static const cs_multipart none = {.size = sizeof(none)};
static const cs_multipart low = {
    .size = sizeof(low), .max_file_size = 1000, .max_request_size = 3000};
static const cs_multipart high = {.size = sizeof(high), .file_size_threshold = 100000};
static const cs_multipart below = {.size = sizeof(below), .location = "below"};

static const cs_servlet servlets[] = {
    {.name = "parts", .url_patterns = "/do", .service = serve, .multipart = &none},
    {.name = "low", .url_patterns = "/low", .service = serve, .multipart = &low},
    {.name = "high", .url_patterns = "/high", .service = serve, .multipart = &high},
    {.name = "below", .url_patterns = "/below", .service = serve, .multipart = &below},
    {.name = "stream",
     .url_patterns = "/stream",
     .flags = CS_STREAMING,
     .service = serve,
     .multipart = &none},
    {.name = "stream-low",
     .url_patterns = "/stream-low",
     .flags = CS_STREAMING,
     .service = serve,
     .multipart = &low},
    {.name = "filtered", .url_patterns = "/filtered", .service = serve, .multipart = &none},
    {.name = "wrapped",
     .url_patterns = "/wrapped",
     .flags = CS_ASYNC,
     .service = serve,
     .multipart = &none},
    {.name = "later",
     .url_patterns = "/later",
     .flags = CS_ASYNC,
     .service = later,
     .multipart = &none},
    {.name = "forward", .url_patterns = "/forward", .service = forward},
    {.name = "include", .url_patterns = "/include", .service = include},
    {.name = "sorry", .url_patterns = "/sorry", .service = sorry, .multipart = &none},
    {.name = "without", .url_patterns = "/without", .service = serve},
    {.name = "told", .url_patterns = "/told", .service = told},
};
static const cs_filter filters[] = {
    {.name = "first", .url_patterns = "/filtered", .filter = first},
    {.name = "wrap", .url_patterns = "/wrapped", .flags = CS_ASYNC, .filter = wrap},
};

CS_WEBAPP("parts", "1", .servlets = CS_ROWS(servlets), .filters = CS_ROWS(filters))
