#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The first hour of a new user from a fresh clone on: tests/e2e/first_hour.sh with `sh container/run.sh` done
# as written, build and all. Needs port 8080, which the texts name.
# builds: release
FIRST_HOUR=fresh exec sh "${ROOT:?names the checkout}/tests/e2e/first_hour.sh"
