/* SPDX-License-Identifier: Apache-2.0
 * Slow clients in thousands, and the probes that must not notice them: two small commands of the load
 * client, for tests/long. Both return the exit code. */
#ifndef SUPPORT_LOAD_CROWD_H
#define SUPPORT_LOAD_CROWD_H
/* argv: PORT KIND=COUNT... [NAME=VALUE...]; see load --help. */
int load_crowd(int argc, char **argv);
/* argv: PORT PATH COUNT MILLISECONDS */
int load_probe(int argc, char **argv);
#endif
