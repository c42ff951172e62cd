/* SPDX-License-Identifier: Apache-2.0
 * The journal's lines: "cserv-journal 1 trying init HASH". See journal.h. */
#include "loader/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "base/state_file.h"

#define NAME   "cserv-journal"
#define SCHEMA 1 /* of the line; it stands in HEAD, too */
#define HEAD   NAME " 1 "

static const char *const phases[JOURNAL_PHASES] = {"load", "init", "start", "health"};

const char *journal_phase_name(enum journal_phase phase)
{
    return phases[phase];
}

bool journal_open(struct journal *j, const char *base, const char *host, const char *name,
                  struct err *err)
{
    char dir[512];
    int n = snprintf(dir, sizeof(dir), "%s/work/journal/%s", base, host);
    if (n < 0 || (size_t)n >= sizeof(dir))
        return err_set(err, "the path of the journal of %s is too long", name);
    n = snprintf(j->path, sizeof(j->path), "%s/%s", dir, name);
    if (n < 0 || (size_t)n >= sizeof(j->path))
        return err_set(err, "the path of the journal of %s is too long", name);
    return path_make_dirs(dir, PATH_MODE_DIR, err);
}

static bool parse_phase(struct span word, enum journal_phase *out)
{
    for (int i = 0; i < JOURNAL_PHASES; i++) {
        if (span_eq(word, span_of(phases[i]))) {
            *out = (enum journal_phase)i;
            return true;
        }
    }
    return false;
}

static void parse(struct span line, struct journal_entry *out)
{
    struct span state, phase, hash;
    if (!span_starts(line, SPAN_LIT(HEAD)))
        return;
    struct span rest = span_from(line, sizeof(HEAD) - 1);
    if (!span_split(&rest, ' ', &state) || !span_split(&rest, ' ', &phase) ||
        !span_split(&rest, '\n', &hash) || hash.n != IMAGE_HASH_SIZE - 1)
        return;
    memcpy(out->hash, hash.p, hash.n);
    if (span_eq(state, SPAN_LIT("serving")))
        out->state = JOURNAL_SERVING;
    else if (!parse_phase(phase, &out->phase))
        return;
    else if (span_eq(state, SPAN_LIT("trying")))
        out->state = JOURNAL_TRYING;
    else if (span_eq(state, SPAN_LIT("bad")))
        out->state = JOURNAL_BAD;
}

bool journal_read(const struct journal *j, struct journal_entry *out, struct err *err)
{
    struct buf text = BUF_EMPTY;
    *out = (struct journal_entry){.state = JOURNAL_NONE};
    if (!path_exists(j->path))
        return true;
    bool ok = path_read_file(j->path, 4096, &text, err) &&
              state_file_known(buf_span(&text), NAME, SCHEMA, j->path, err);
    if (ok)
        parse(buf_span(&text), out);
    buf_free(&text);
    return ok;
}

/* In place and without fsync: what matters is that the line outlives this process, and a crash of the
 * machine marks nothing anyway. One write of one short line does not tear. */
static bool write_line(const struct journal *j, const char *state, const char *phase,
                       const char *hash, struct err *err)
{
    char line[256];
    int n = snprintf(line, sizeof(line), HEAD "%s %s %s\n", state, phase, hash);
    int fd = path_make_file(j->path, O_WRONLY | O_NOFOLLOW, PATH_MODE_SECRET);
    if (fd < 0)
        return err_sys(err, errno, "cannot write the journal %s", j->path);
    bool ok = write(fd, line, (size_t)n) == n && ftruncate(fd, n) == 0;
    int cause = errno;
    close(fd);
    return ok || err_sys(err, cause, "cannot write the journal %s", j->path);
}

bool journal_trying(const struct journal *j, const char *hash, enum journal_phase phase,
                    struct err *err)
{
    return write_line(j, "trying", phases[phase], hash, err);
}

bool journal_serving(const struct journal *j, const char *hash, struct err *err)
{
    return write_line(j, "serving", "-", hash, err);
}

bool journal_bad(const struct journal *j, const char *hash, enum journal_phase phase,
                 struct err *err)
{
    return write_line(j, "bad", phases[phase], hash, err);
}

bool journal_stopped(const struct journal *j, struct err *err)
{
    return write_line(j, "stopped", "-", "-", err);
}
