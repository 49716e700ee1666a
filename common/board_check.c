#include "common/board_check.h"

#include <stdlib.h>
#include <string.h>

#include <libdeflate.h>

#include "common/board.h"
#include "common/memory.h"
#include "common/record.h"

#define TRAILER_SIZE 8u /* CRC-32 and length modulo 2^32, little-endian (RFC 1952) */
/* A detail has a few hundred bytes for each row; a length above this is a broken one. */
#define UNPACKED_MAX ((uint32_t)1024 * 1024 * 1024)

const char *board_check(const struct board_claims *claims, struct text rows, struct text detail)
{
    uint32_t row_count = 0;
    const char *problem;
    if (!detail.length)
        return "it has no detail";
    if (record_checksum(detail.data, detail.length) != claims->detail_checksum)
        return "the detail's checksum is wrong";
    if (!rows.length)
        return claims->entry_count ? "it has no rows" : NULL;
    if (record_checksum(rows.data, rows.length) != claims->rows_checksum)
        return "the rows' checksum is wrong";
    if (!board_validate(rows.data, rows.length, &row_count, &problem))
        return problem;
    return row_count == claims->entry_count ? NULL : "there are fewer or more rows than entries";
}

const char *board_check_detail(struct text detail)
{
    const char *problem = "the detail is not one whole gzip member";
    uint8_t size[4];
    if (detail.length < TRAILER_SIZE)
        return problem;
    memcpy(size, detail.data + detail.length - sizeof size, sizeof size);
    uint32_t length =
        (uint32_t)size[0] | (uint32_t)size[1] << 8 | (uint32_t)size[2] << 16 | (uint32_t)size[3] << 24;
    if (length > UNPACKED_MAX)
        return problem;
    struct libdeflate_decompressor *decompressor = libdeflate_alloc_decompressor();
    void *unpacked = memory_zalloc(1, (size_t)length + 1);
    size_t used = 0, got = 0;
    if (decompressor &&
        libdeflate_gzip_decompress_ex(
            decompressor, detail.data, detail.length, unpacked, length, &used, &got) == LIBDEFLATE_SUCCESS &&
        used == detail.length && got == length)
        problem = NULL;
    free(unpacked);
    libdeflate_free_decompressor(decompressor);
    return problem;
}
