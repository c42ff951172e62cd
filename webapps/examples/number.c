/* SPDX-License-Identifier: Apache-2.0
 * Reads a number out of a request parameter; used by sleep and big. Stricter than strtoll, which takes
 * blanks, signs and an empty text. */
#include "examples.h"

bool number_param(cs_request *req, const char *name, int64_t max, int64_t *out)
{
    const char *text = cs_req_param(req, name);
    if (!text || !*text)
        return false;
    int64_t number = 0;
    for (; *text; text++) {
        int digit = *text - '0';
        if (digit < 0 || digit > 9 || number > (max - digit) / 10)
            return false;
        number = number * 10 + digit;
    }
    *out = number;
    return true;
}
