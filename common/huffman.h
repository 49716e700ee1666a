#ifndef R3E_COMMON_HUFFMAN_H
#define R3E_COMMON_HUFFMAN_H
/* Prefix codes of limited length for deflate (RFC 1951, 3.2.2): the lengths by the in-place algorithm of
 * Moffat and Katajainen ("In-place calculation of minimum-redundancy codes", 1995), longer ones cut off and
 * the rest lengthened until the code is complete again. */
#include <stdint.h>

#define HUFFMAN_SYMBOLS_MAX 288u
#define HUFFMAN_BITS_MAX    15u

/* From how often each of `symbols` symbols occurs (each and all together below 2^23): the length of its code,
 * 0 for one that does not occur, and the code with its first bit lowest, as it is written. At most `bits_max`
 * bits. A single symbol gets a companion, so that every code is complete; of no symbol there is no code. */
void huffman_make(
    const uint32_t *counts, uint32_t symbols, unsigned bits_max, uint8_t *lengths, uint16_t *codes);

#endif
