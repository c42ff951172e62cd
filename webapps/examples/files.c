/* SPDX-License-Identifier: Apache-2.0
 * /examples/files: files that a browser uploads in a form. GET shows the form, POST tells what came. Shows
 * the parts of multipart/form-data and their limits; larger files are on disk, not in memory. */
#include "examples.h"

const cs_multipart files_limits = {.size = sizeof(files_limits),
                                   .max_file_size = 1 << 20,
                                   .max_request_size = 4 << 20,
                                   .file_size_threshold = 64 << 10};

int files_get(cs_request *req, cs_response *res)
{
    (void)req;
    int rc = html_begin(res, "Files");
    return rc == CS_OK
               ? cs_res_puts(res,
                             "<form method=\"post\" enctype=\"multipart/form-data\">\n"
                             "<label>Files <input type=\"file\" name=\"file\" multiple></label>\n"
                             "<label>What they are <input name=\"what\"></label>\n"
                             "<button>Send</button></form></main>\n")
               : rc;
}

static int tell(cs_response *res, cs_part *part)
{
    cs_str name = cs_part_get(part, CS_PART_FILE_NAME);
    int rc = cs_res_puts(res, name.ptr ? "<dt>file " : "<dt>field ");
    /* What the client calls its file is text to show, never a path to write to. */
    if (rc == CS_OK)
        rc = html_text(res, name.ptr ? name : cs_part_get(part, CS_PART_NAME));
    return rc == CS_OK
               ? cs_res_printf(res, "</dt><dd>%lld bytes</dd>\n", (long long)cs_part_size(part))
               : rc;
}

int files_post(cs_request *req, cs_response *res)
{
    cs_part *part;
    /* Ask before writing: a malformed body makes the answer a 400, one past the limits a 413. */
    int rc = cs_req_part_at(req, 0, &part);
    if (rc != CS_OK && rc != CS_ENOENT)
        return rc;
    rc = html_begin(res, "What you sent");
    if (rc == CS_OK)
        rc = cs_res_puts(res, "<dl>\n");
    for (uint32_t i = 0; rc == CS_OK && cs_req_part_at(req, i, &part) == CS_OK; i++)
        rc = tell(res, part);
    return rc == CS_OK ? cs_res_puts(res, "</dl></main>\n") : rc;
}
