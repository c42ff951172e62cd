/* SPDX-License-Identifier: Apache-2.0
 * The main of a fuzz target where libFuzzer is not: gives the target each file named on the command
 * line, or in the folders named there, once. Run by ctest in every build, so that what was found once
 * stays mended. */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/path.h"

static unsigned replayed;

static bool replay_file(const char *path)
{
    struct buf content = BUF_EMPTY;
    struct err err = ERR_INIT;
    char text[512];
    if (!path_read_file(path, 1 << 24, &content, &err)) {
        fprintf(stderr, "%s\n", err_text(&err, text, sizeof(text)));
        return false;
    }
    /* A block of exactly this size: a sanitizer sees the first byte read behind it. */
    size_t n = buf_len(&content);
    uint8_t *exact = malloc(n ? n : 1);
    CHECK(exact);
    if (n > 0)
        memcpy(exact, buf_data(&content), n);
    buf_free(&content);
    if (getenv("FUZZ_VERBOSE"))
        fprintf(stderr, "%s\n", path);
    LLVMFuzzerTestOneInput(exact, n);
    free(exact);
    replayed++;
    return true;
}

static bool replay_folder(const char *folder)
{
    struct dirent **names;
    int n = scandir(folder, &names, NULL, alphasort); /* the same order everywhere */
    bool ok = n >= 0;
    for (int i = 0; i < n; i++) {
        char path[1024];
        snprintf(path, sizeof(path), "%s/%s", folder, names[i]->d_name);
        if (names[i]->d_name[0] != '.')
            ok = replay_file(path) && ok;
        free(names[i]);
    }
    if (n < 0)
        perror(folder);
    else
        free(names);
    return ok;
}

int main(int argc, char **argv)
{
    bool ok = argc > 1;
    LLVMFuzzerInitialize(&argc, &argv);
    for (int i = 1; i < argc; i++) {
        struct stat st;
        bool folder = stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode);
        ok = (folder ? replay_folder(argv[i]) : replay_file(argv[i])) && ok;
    }
    printf("%u inputs\n", replayed);
    return ok && replayed > 0 ? 0 : 1;
}
