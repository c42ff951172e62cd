/* SPDX-License-Identifier: Apache-2.0
 * See lookup.h. Changes are live at once: each hit costs one look at the file (and one at each folder above
 * it, which must not have become a link); nothing is believed for a while. */
#include "lookup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "beneath.h"
#include "encoding.h"

#define KEY_MAX    (PATH_MAX + 8u)
#define NO_CODING  UINT32_MAX
#define SECOND_NS  INT64_C(1000000000)
#define READ_AGAIN 3 /* times, when a file changes while it is read */

void lookup_end(struct file *f)
{
    entry_release(f->entry);
    if (f->fd >= 0)
        close(f->fd);
    *f = (struct file){.fd = -1};
}

uint32_t status_of(int error)
{
    switch (-error) {
    case EACCES:
    case EPERM:
        return 403;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case EAGAIN:
        return 503;
    case EIO:
        return 500;
    default: /* missing, a loop, outside, too long, a FIFO */
        return 404;
    }
}

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * SECOND_NS + t.tv_nsec;
}

/* Two changes within one tick of the file system's clock leave the same times: only what has been left
 * alone for longer is known by them. Whole seconds: a clock that may know no others. */
static bool is_settled(const struct identity *id, int64_t now)
{
    int64_t tick = id->changed_ns % SECOND_NS == 0 ? 2 * SECOND_NS : SECOND_NS / 20;
    return now - id->changed_ns > tick;
}

/* ---- what an answer says of a file ---- */

static bool is_text(const char *type)
{
    size_t n = strlen(type);
    return strncmp(type, "text/", 5) == 0 || strstr(type, "/javascript") ||
           (n > 3 && strcmp(type + n - 3, "xml") == 0);
}

static void make_type(struct site *s, const char *path, char *out, size_t size)
{
    const char *type = cs_ctx_mime_type(s->ctx, path).ptr;
    const char *charset = s->settings.charset;
    bool with = type && *charset && is_text(type) && !strchr(type, ';');
    snprintf(out, size, "%s%s%s", type ? type : "", with ? ";charset=" : "", with ? charset : "");
}

static void make_date(int64_t seconds, char out[ENTRY_DATE_SIZE])
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    time_t t = (time_t)seconds;
    struct tm m;
    *out = '\0';
    if (seconds >= 0 && gmtime_r(&t, &m) && m.tm_year < 8100)
        snprintf(out, ENTRY_DATE_SIZE, "%.3s, %02u %.3s %04u %02u:%02u:%02u GMT",
                 days + 3 * m.tm_wday, (unsigned)m.tm_mday % 100, months + 3 * m.tm_mon,
                 (unsigned)(m.tm_year + 1900) % 10000, (unsigned)m.tm_hour % 100,
                 (unsigned)m.tm_min % 100, (unsigned)m.tm_sec % 100);
}

static void describe(const struct site *s, struct entry *e, uint32_t coding, int64_t now)
{
    const struct identity *id = &e->id;
    bool coded = coding != NO_CODING;
    const char *minus = coded ? "-" : "", *name = coded ? s->settings.codings[coding].name : "";
    if (s->settings.strong_etags && is_settled(id, now))
        snprintf(e->etag, sizeof(e->etag), "\"%llx-%llx-%llx-%llx%s%.40s\"",
                 (unsigned long long)id->size, (unsigned long long)id->modified_ns,
                 (unsigned long long)id->changed_ns, (unsigned long long)id->ino, minus, name);
    else
        snprintf(e->etag, sizeof(e->etag), "W/\"%llx-%llx%s%.40s\"", (unsigned long long)id->size,
                 (unsigned long long)id->modified_ns, minus, name);
    make_date(id->modified_ns / SECOND_NS, e->modified);
}

/* ---- from memory ---- */

/* Looks at PATH in the folder of S without following links below it. False: not there. */
static bool look(const struct site *s, const char *path, size_t n, struct stat *st)
{
    char whole[PATH_MAX];
    if (s->folder.len + n >= sizeof(whole))
        return false;
    memcpy(whole, s->folder.ptr, s->folder.len);
    memcpy(whole + s->folder.len, path, n);
    whole[s->folder.len + n] = '\0';
    for (char *p = whole + s->folder.len + 1; (p = strchr(p, '/')); p++) {
        *p = '\0';
        if (fstatat(AT_FDCWD, whole, st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISDIR(st->st_mode))
            return false;
        *p = '/';
    }
    return fstatat(AT_FDCWD, whole, st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st->st_mode);
}

static struct entry *remembered(struct site *s, cs_str key, cs_str path)
{
    struct stat st;
    struct entry *e = cache_get(s->cache, key);
    if (!e)
        return NULL;
    if (look(s, path.ptr, path.len, &st)) {
        struct identity id = identity_of(&st);
        if (identity_same(&id, &e->id))
            return e;
    }
    cache_drop(s->cache, e);
    entry_release(e);
    return NULL;
}

/* ---- from disk ---- */

/* All SIZE bytes. False: fewer are there, or they cannot be read (*error). */
static bool read_all(int fd, char *out, size_t size, int *error)
{
    for (size_t done = 0; done < size;) {
        ssize_t n = pread(fd, out + done, size - done, (off_t)done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            *error = n < 0 ? -errno : -EAGAIN;
            return false;
        }
        done += (size_t)n;
    }
    return true;
}

static bool belongs_in_memory(const struct site *s, int64_t size)
{
    return size < s->settings.sendfile_min && size <= s->settings.cache_object_max;
}

/* One try at FD, whose status is ST. 0 with OUT->entry; -EAGAIN: it changed meanwhile, or became
 * shorter. */
static int take_entry(const struct site *s, cs_str key, const char *type, int fd,
                      const struct stat *st, bool hold, struct file *out)
{
    struct stat after;
    char *room;
    int error = -ENOMEM;
    if (!S_ISREG(st->st_mode))
        return S_ISDIR(st->st_mode) ? -EISDIR : -ENXIO;
    bool here = hold && belongs_in_memory(s, st->st_size);
    struct entry *e = entry_new(key, type, here ? (size_t)st->st_size : 0, &room);
    if (!e)
        return -ENOMEM;
    e->id = identity_of(st);
    if (here) {
        struct identity id;
        bool ok = read_all(fd, room, (size_t)st->st_size, &error) && fstat(fd, &after) == 0;
        if (ok) {
            id = identity_of(&after);
            ok = identity_same(&id, &e->id);
            error = -EAGAIN;
        }
        if (!ok) {
            entry_release(e);
            return error;
        }
        e->bytes = room;
    }
    out->entry = e;
    return 0;
}

/* Opens PATH, ST is its status. One look at its whole name shows that it is a regular file and which; when the folder that
 * is open already has the same under that name, it is still the right folder. */
static int open_path(struct site *s, cs_str path, bool *linked, struct stat *st)
{
    char whole[PATH_MAX];
    struct stat seen;
    int error = 0;
    struct root *root = site_last_root(s);
    bool regular = root && s->folder.len + path.len < sizeof(whole) &&
                   snprintf(whole, sizeof(whole), "%s%s", s->folder.ptr, path.ptr) > 0 &&
                   fstatat(AT_FDCWD, whole, &seen, AT_SYMLINK_NOFOLLOW) == 0 &&
                   S_ISREG(seen.st_mode);
    int fd = regular ? beneath_open_seen(root->fd, path.ptr + 1, linked) : -ENOENT;
    root_release(root);
    if (fd >= 0 && fstat(fd, st) == 0 && st->st_dev == seen.st_dev && st->st_ino == seen.st_ino)
        return fd;
    if (fd >= 0)
        close(fd);
    root = site_root(s, &error);
    if (!root)
        return error;
    fd = beneath_open(root->fd, path.ptr + 1, O_RDONLY, linked);
    root_release(root);
    if (fd >= 0 && fstat(fd, st) != 0) {
        error = -errno;
        close(fd);
        return error;
    }
    return fd;
}

static int load(struct site *s, cs_str key, cs_str path, const char *type, uint32_t coding,
                struct file *out)
{
    bool linked = false;
    struct stat st;
    int fd = open_path(s, path, &linked, &st);
    if (fd < 0)
        return fd;
    int rc = -EAGAIN;
    for (int i = 0; i <= READ_AGAIN && rc == -EAGAIN; i++) {
        if (i == 0 || fstat(fd, &st) == 0)
            rc = take_entry(s, key, type, fd, &st, i < READ_AGAIN, out);
    }
    if (rc == 0) {
        int64_t now = now_ns();
        describe(s, out->entry, coding, now);
        if (out->entry->bytes && !linked && is_settled(&out->entry->id, now))
            cache_put(s->cache, out->entry);
    }
    if (rc == 0 && !out->entry->bytes)
        out->fd = fd;
    else
        close(fd);
    return rc;
}

/* PATH is what is opened, NAMED is what its type is taken from. */
static int fetch(struct site *s, cs_str path, const char *named, uint32_t coding, struct file *out)
{
    char key[KEY_MAX], type[256];
    cs_str k = path;
    if (path.len >= PATH_MAX)
        return -ENAMETOOLONG;
    if (coding != NO_CODING) { /* the same file asked for by its own name has another type */
        memcpy(key, path.ptr, path.len);
        key[path.len] = '\0';
        key[path.len + 1] = (char)('0' + coding);
        k = (cs_str){key, path.len + 2};
    }
    out->entry = remembered(s, k, path);
    if (out->entry)
        return 0;
    make_type(s, named, type, sizeof(type));
    return load(s, k, path, type, coding, out);
}

/* ---- other codings ---- */

/* PATH with the extension of a coding; false: too long. */
static bool beside(cs_str path, const struct coding *c, char out[PATH_MAX])
{
    int n = snprintf(out, PATH_MAX, "%s%s", path.ptr, c->extension);
    return n > 0 && n < PATH_MAX;
}

/* One that is older than the file itself was forgotten when that was changed. */
static bool is_current(const struct site *s, const char *path, const struct entry *plain)
{
    struct stat st;
    return look(s, path, strlen(path), &st) &&
           st.st_mtim.tv_sec >= plain->id.modified_ns / SECOND_NS;
}

static int choose_coding(struct site *s, cs_str path, cs_str accept, struct file *out)
{
    const char *names[CODINGS_MAX];
    uint32_t which[CODINGS_MAX];
    unsigned count = 0;
    char other[PATH_MAX];
    for (uint32_t i = 0; i < s->settings.coding_count; i++) {
        if (beside(path, &s->settings.codings[i], other) && is_current(s, other, out->entry)) {
            names[count] = s->settings.codings[i].name;
            which[count++] = i;
        }
    }
    out->varies = count > 0;
    int best = encoding_choose(accept, names, count);
    if (best == ENCODING_IDENTITY)
        return 0;
    if (best == ENCODING_NONE)
        return LOOKUP_NONE_FITS;
    const struct coding *coding = &s->settings.codings[which[best]];
    struct file coded = {.fd = -1, .now = out->now, .varies = true, .coding = coding->name};
    if (!beside(path, coding, other) ||
        fetch(s, cs_str_of(other), path.ptr, which[best], &coded) != 0)
        return 0; /* it has just gone: the file itself will do */
    lookup_end(out);
    *out = coded;
    return 0;
}

int lookup_file(struct site *s, cs_str path, cs_str accept, struct file *out)
{
    *out = (struct file){.fd = -1};
    int rc = fetch(s, path, path.ptr, NO_CODING, out);
    if (rc != 0)
        return rc == -EISDIR ? LOOKUP_FOLDER : rc;
    out->now = now_ns() / SECOND_NS;
    return s->settings.coding_count > 0 ? choose_coding(s, path, accept, out) : 0;
}
