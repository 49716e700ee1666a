#ifndef R3E_COMMON_DEFLATE_BLOCK_H
#define R3E_COMMON_DEFLATE_BLOCK_H
/* Writes blocks of a deflate stream (RFC 1951, 3.2) with codes of their own, or stored where that is shorter.
 * Only `deflate_block_end` ends the stream. */
#include <stdint.h>

#include "common/deflate_match.h"

/* Bits that wait for a whole byte, and where it goes. */
struct deflate_bits {
    uint64_t waiting;
    unsigned count;
    uint8_t *next;
};

/* Room that writing a block of `length` (at most DEFLATE_PIECE) bytes needs; it takes a few bytes less. */
#define DEFLATE_BLOCK_BYTES_MAX(length) ((length) + 32u)

/* Writes the block that `tokens` make of `bytes`. */
void deflate_block_write(
    struct deflate_bits *bits, struct deflate_tokens tokens, const uint8_t *bytes, uint32_t length);

/* Fills up to a whole byte by an empty stored block: five bytes at most,
 * in room for DEFLATE_BLOCK_BYTES_MAX(0). */
void deflate_block_align(struct deflate_bits *bits);

/* Ends the stream by an empty last block of fixed codes and fills up to a whole byte: three bytes at most, in
 * the same room. */
void deflate_block_end(struct deflate_bits *bits);

#endif
