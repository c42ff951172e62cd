/* SPDX-License-Identifier: Apache-2.0
 * Between date_pattern.c and date_match.c. */
#ifndef OBSERVE_DATE_PRIV_H
#define OBSERVE_DATE_PRIV_H
#include "observe/date_pattern.h"

extern const char date_months[12][10], date_weekdays[7][10];
int64_t date_days(int64_t year, int month, int day); /* since 1970-01-01; month and day from 1 */

#endif
