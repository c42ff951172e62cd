/* SPDX-License-Identifier: Apache-2.0
 * Why a call of the test kit failed: kept for cs_test_error and told on stderr, where the author looks
 * when a test is red. */
#include <stdio.h>

#include "base/err.h"
#include "testkit/testkit_priv.h"

static _Thread_local char last[1600];

int failure(const struct err *e)
{
    err_text(e, last, sizeof(last));
    fprintf(stderr, "cserv-test: %s\n", last);
    return CS_EFAIL;
}

int failure_text(const char *text, const char *hint)
{
    struct err e = ERR_INIT;
    err_set(&e, "%s", text);
    if (hint)
        err_hint(&e, "%s", hint);
    return failure(&e);
}

void failure_none(void)
{
    last[0] = '\0';
}

const char *cs_test_error(void)
{
    return last;
}
