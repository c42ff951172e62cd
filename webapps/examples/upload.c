/* SPDX-License-Identifier: Apache-2.0
 * /examples/upload: how many bytes a POST or PUT brings, and their CRC-32. Shows CS_STREAMING: the servlet
 * runs as soon as the head of the request has come, and cs_req_read() waits for the body as it comes, so
 * that a body of any size needs 64 KiB. Try: curl -T FILE .../examples/upload
 *
 * Without the flag the body would be complete before the servlet runs; that is better for short ones. */
#include "examples.h"

#define PIECE 65536

/* The table of the CRC-32 that zlib, gzip and zip use, made once. */
int upload_init(cs_config *config, void **self)
{
    uint32_t *table = cs_ctx_alloc(cs_config_ctx(config), 256 * sizeof(*table));
    if (!table)
        return CS_ENOMEM;
    for (uint32_t i = 0; i < 256; i++) {
        table[i] = i;
        for (int bit = 0; bit < 8; bit++)
            table[i] = table[i] >> 1 ^ (table[i] & 1 ? 0xedb88320u : 0);
    }
    *self = table;
    return CS_OK;
}

int upload(cs_request *req, cs_response *res)
{
    const uint32_t *table = cs_req_self(req);
    unsigned char *piece = cs_req_alloc(req, PIECE); /* freed with the request */
    if (!piece)
        return CS_ENOMEM;
    uint32_t crc = 0xffffffffu;
    int64_t got, bytes = 0;
    while ((got = cs_req_read(req, piece, PIECE)) > 0) {
        for (int64_t i = 0; i < got; i++)
            crc = crc >> 8 ^ table[(crc ^ piece[i]) & 0xff];
        bytes += got;
    }
    if (got < 0)
        return (int)got; /* the client left, or what it sent is no body */
    int rc = cs_res_content_type(res, "text/plain");
    return rc == CS_OK ? cs_res_printf(res, "%lld bytes, CRC-32 %08x\n", (long long)bytes, ~crc)
                       : rc;
}
