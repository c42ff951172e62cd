/* SPDX-License-Identifier: Apache-2.0
 * The descriptors in a webapp's folder. */
#ifndef DEPLOY_DESCRIPTOR_FILES_H
#define DEPLOY_DESCRIPTOR_FILES_H
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define DESCRIPTOR_NAME_MAX 1024

/* FOLDER/NAME ("WEB-INF/web.xml") into FILE, "" when there is none. False, err: whether it is there cannot be
 * told, or its name is too long. */
bool descriptor_find(const char *folder, const char *name, char *file, size_t size,
                     struct err *err);
/* False, err: FOLDER has a descriptor that Tomcat would read and this server does not. */
bool descriptor_refuse_foreign(const char *folder, struct err *err);

#endif
