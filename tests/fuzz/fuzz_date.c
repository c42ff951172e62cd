/* SPDX-License-Identifier: Apache-2.0
 * HTTP dates: what is read is a date that is written and read back as the same second; what is written
 * for any number of seconds can be read. */
#include "fuzz.h"

#include "http/date.h"

#define FIRST_SECOND INT64_C(-62167219200) /* of the year 0 */
#define LAST_SECOND  INT64_C(253402300799) /* of the year 9999 */

static void write_and_read(int64_t seconds)
{
    char text[HTTP_DATE_SIZE];
    int64_t again = 0;
    int64_t kept =
        seconds < FIRST_SECOND ? FIRST_SECOND : (seconds > LAST_SECOND ? LAST_SECOND : seconds);
    http_date_format(seconds, text);
    CHECK(strlen(text) == HTTP_DATE_SIZE - 1);
    CHECK(http_date_parse(span_of(text), &again) && again == kept);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span text = span_make((const char *)data, size);
    int64_t seconds = 0;
    if (http_date_parse(text, &seconds)) {
        /* A leap second at the end of the year 9999 is the first of the next. */
        CHECK(seconds >= FIRST_SECOND && seconds <= LAST_SECOND + 1);
        write_and_read(seconds);
    }
    if (size >= sizeof(seconds)) {
        memcpy(&seconds, data, sizeof(seconds));
        write_and_read(seconds);
        write_and_read(seconds % LAST_SECOND);
    }
    return 0;
}
