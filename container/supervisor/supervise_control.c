/* SPDX-License-Identifier: Apache-2.0
 * Control requests: `status` and `stop` are the supervisor's own, everything else goes to the
 * container and its reply back to the client. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include "supervisor/supervisor_priv.h"

static void answer_status(struct supervisor *s, uint32_t id)
{
    struct buf reply = BUF_EMPTY;
    s->status.uptime_ms = (clock_us() - s->started_us) / 1000;
    if (status_write(&s->status, s->sockets, s->count, &reply))
        control_set_answer(s->control, id, 0, buf_span(&reply));
    else
        control_set_answer(s->control, id, 1, SPAN_LIT("out of memory"));
    buf_free(&reply);
}

/* "stop" or "stop MS". */
static void answer_stop(struct supervisor *s, uint32_t id, struct span limit)
{
    uint64_t ms = UINT64_MAX;
    if (limit.n > 0 && !span_to_u64(limit, UINT32_MAX, &ms)) {
        control_set_answer(s->control, id, 1, SPAN_LIT("stop takes a number of milliseconds"));
        return;
    }
    control_set_answer(s->control, id, 0, SPAN_LIT("stopping"));
    if (s->status.state != STATE_STOPPING)
        supervisor_say(s, LOG_INFO, "stop was asked for on the control socket");
    /* A second `stop` does not hurry the first: two scripts may ask. A shorter limit counts. */
    if (s->status.state != STATE_STOPPING || ms != UINT64_MAX)
        supervisor_stop(s, ms);
}

static void relay(struct supervisor *s, uint32_t id, const char *words)
{
    struct buf text = BUF_EMPTY;
    if (s->child.fd < 0 || !s->child.ready) {
        const char *last = s->status.last_end[0] ? s->status.last_end : "it is being started";
        if (buf_printf(&text, "no container is running: %s", last))
            control_set_answer(s->control, id, 1, buf_span(&text));
        buf_free(&text);
        return;
    }
    bool sent = buf_printf(&text, "request %" PRIu32 " %s", id, words) &&
                send(s->child.fd, buf_data(&text), buf_len(&text), MSG_DONTWAIT | MSG_NOSIGNAL) > 0;
    buf_free(&text);
    if (!sent)
        control_set_answer(s->control, id, 1,
                           SPAN_LIT("the container does not take requests now; try again"));
}

void control_ask(void *arg, uint32_t id, const char *words)
{
    struct supervisor *s = arg;
    if (strcmp(words, "status") == 0)
        answer_status(s, id);
    else if (strcmp(words, "stop") == 0)
        answer_stop(s, id, SPAN_NONE);
    else if (strncmp(words, "stop ", 5) == 0)
        answer_stop(s, id, span_of(words + 5));
    else
        relay(s, id, words);
}

void control_replied(struct supervisor *s, struct span d)
{
    size_t blank = span_find(d, 0, ' '), line = span_find(d, 0, '\n');
    uint64_t id, rc;
    if (blank >= line || line == d.n || !span_to_u64(span_cut(d, 0, blank), UINT32_MAX, &id) ||
        !span_to_u64(span_cut(d, blank + 1, line - blank - 1), 1, &rc)) {
        supervisor_say(s, LOG_WARN, "container %ld sent a reply nobody can read; ignored",
                       (long)s->child.pid);
        return;
    }
    control_set_answer(s->control, (uint32_t)id, (int)rc, span_from(d, line + 1));
}
