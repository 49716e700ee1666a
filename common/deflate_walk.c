#include "common/deflate_walk.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

#define LITERALS                                                                                             \
    288 /* symbols of the literal and length alphabet; 256 ends a block, those above are lengths */
#define DISTANCES     32
#define CODE_LENGTHS  19
#define CODE_BITS_MAX 15
#define END_OF_BLOCK  256
#define LOOKUP_BITS   11
#define LOOKUP_SIZE   (1u << LOOKUP_BITS)

/* One canonical Huffman code. `lookup` has for the next LOOKUP_BITS bits the symbol and its length; 0 where
 * the code is longer. `count` and `symbols` serve the long ones. */
struct code {
    uint16_t lookup[LOOKUP_SIZE]; /* symbol << 4 | length */
    uint16_t count[CODE_BITS_MAX + 1];
    uint16_t symbols[LITERALS];
};

struct deflate_walk {
    struct code literals;
    struct code distances;
};

/* The next bits, lowest first. Beyond the end come zeroes, and `position` tells. */
struct bits {
    const uint8_t *bytes;
    size_t length;
    size_t next;     /* byte to be loaded */
    uint64_t window; /* loaded and not yet used */
    unsigned held;   /* bits in it; those beyond the end included */
};

struct deflate_walk *deflate_walk_open(void)
{
    return memory_zalloc(1, sizeof(struct deflate_walk));
}

void deflate_walk_close(struct deflate_walk **walk)
{
    free(*walk);
    *walk = NULL;
}

/* At least 56 bits are there afterwards. */
static inline void refill(struct bits *bits)
{
    if (bits->next + 8 <= bits->length) {
        uint64_t word;
        memcpy(&word, bits->bytes + bits->next, sizeof word);
        bits->window |= le64toh(word) << bits->held;
        unsigned taken = (63 - bits->held) / 8;
        bits->next += taken;
        bits->held += taken * 8;
        return;
    }
    while (bits->held <= 56) {
        uint64_t byte = bits->next < bits->length ? bits->bytes[bits->next] : 0;
        bits->window |= byte << bits->held;
        bits->next++;
        bits->held += 8;
    }
}

static inline void drop(struct bits *bits, unsigned count)
{
    bits->window >>= count;
    bits->held -= count;
}

static inline uint32_t take(struct bits *bits, unsigned count)
{
    refill(bits);
    uint32_t value = (uint32_t)(bits->window & ((UINT64_C(1) << count) - 1));
    drop(bits, count);
    return value;
}

static uint64_t position(const struct bits *bits)
{
    return (uint64_t)bits->next * 8 - bits->held;
}

static bool beyond_end(const struct bits *bits)
{
    return position(bits) > (uint64_t)bits->length * 8;
}

/* ---- codes ---- */

static uint32_t reversed(uint32_t code, unsigned length)
{
    uint32_t result = 0;
    for (unsigned i = 0; i < length; i++)
        result |= (code >> i & 1) << (length - 1 - i);
    return result;
}

/* Builds the code from its lengths (RFC 1951, 3.2.2). False if there are more codes than bits allow. */
static bool build(struct code *code, const uint8_t *lengths, unsigned symbol_count)
{
    uint16_t first[CODE_BITS_MAX + 2] = {0}; /* place in `symbols` of each length's first */
    uint32_t next_code[CODE_BITS_MAX + 1] = {0}, value = 0;
    memset(code->lookup, 0, sizeof code->lookup);
    memset(code->count, 0, sizeof code->count);
    for (unsigned symbol = 0; symbol < symbol_count; symbol++)
        code->count[lengths[symbol]]++;
    code->count[0] = 0;
    for (unsigned length = 1; length <= CODE_BITS_MAX; length++) {
        value = (value + code->count[length - 1]) << 1;
        next_code[length] = value;
        first[length + 1] = (uint16_t)(first[length] + code->count[length]);
        if (value + code->count[length] > 1u << length)
            return false;
    }
    for (unsigned symbol = 0; symbol < symbol_count; symbol++) {
        unsigned length = lengths[symbol];
        if (!length)
            continue;
        code->symbols[first[length]++] = (uint16_t)symbol;
        uint32_t low_bits = reversed(next_code[length]++, length);
        for (uint32_t at = low_bits; length <= LOOKUP_BITS && at < LOOKUP_SIZE; at += 1u << length)
            code->lookup[at] = (uint16_t)(symbol << 4 | length);
    }
    return true;
}

/* A code longer than the table, or none at all: -1. */
static int long_symbol(struct bits *bits, const struct code *code)
{
    uint32_t value = 0, first = 0, place = 0;
    for (unsigned length = 1; length <= CODE_BITS_MAX; length++) {
        value |= (uint32_t)(bits->window >> (length - 1) & 1);
        uint32_t count = code->count[length];
        if (value < first + count) {
            drop(bits, length);
            return code->symbols[place + value - first];
        }
        place += count;
        first = (first + count) << 1;
        value <<= 1;
    }
    return -1;
}

/* The next symbol; 15 bits must be held. */
static inline int symbol(struct bits *bits, const struct code *code)
{
    uint16_t found = code->lookup[bits->window & (LOOKUP_SIZE - 1)];
    if (!found)
        return long_symbol(bits, code);
    drop(bits, found & 15);
    return found >> 4;
}

/* ---- blocks ---- */

static bool skip_stored(struct bits *bits)
{
    drop(bits, bits->held & 7);
    uint32_t length = take(bits, 16), complement = take(bits, 16);
    if ((length ^ complement) != 0xffff)
        return false;
    size_t at = (size_t)(position(bits) / 8) + length;
    *bits = (struct bits){.bytes = bits->bytes, .length = bits->length, .next = at};
    return at <= bits->length;
}

static bool build_fixed(struct deflate_walk *walk)
{
    uint8_t lengths[LITERALS];
    for (unsigned i = 0; i < LITERALS; i++)
        lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
    if (!build(&walk->literals, lengths, LITERALS))
        return false;
    memset(lengths, 5, DISTANCES);
    return build(&walk->distances, lengths, DISTANCES);
}

/* Code lengths, run-length coded (RFC 1951, 3.2.7). */
static bool read_lengths(struct bits *bits, const struct code *code, uint8_t *lengths, unsigned count)
{
    for (unsigned at = 0; at < count;) {
        refill(bits);
        int found = symbol(bits, code);
        if (found < 0 || (found == 16 && at == 0))
            return false;
        if (found < 16) {
            lengths[at++] = (uint8_t)found;
            continue;
        }
        uint8_t value = found == 16 ? lengths[at - 1] : 0;
        unsigned repeat = found == 16   ? 3 + take(bits, 2)
                          : found == 17 ? 3 + take(bits, 3)
                                        : 11 + take(bits, 7);
        if (repeat > count - at)
            return false;
        memset(lengths + at, value, repeat);
        at += repeat;
    }
    return true;
}

static bool build_dynamic(struct deflate_walk *walk, struct bits *bits)
{
    static const uint8_t order[CODE_LENGTHS] = {
        16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
    uint8_t lengths[LITERALS + DISTANCES] = {0};
    unsigned literals = 257 + take(bits, 5), distances = 1 + take(bits, 5), count = 4 + take(bits, 4);
    if (literals > LITERALS)
        return false;
    for (unsigned i = 0; i < count; i++)
        lengths[order[i]] = (uint8_t)take(bits, 3);
    if (!build(&walk->distances, lengths, CODE_LENGTHS) ||
        !read_lengths(bits, &walk->distances, lengths, literals + distances))
        return false;
    return build(&walk->literals, lengths, literals) &&
           build(&walk->distances, lengths + literals, distances);
}

/* Bits that follow a length's and a distance's code. */
static const uint8_t length_extra[LITERALS - END_OF_BLOCK] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
static const uint8_t distance_extra[DISTANCES] = {
    0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13};

static bool skip_codes(const struct deflate_walk *walk, struct bits *bits)
{
    for (;;) {
        refill(bits);
        int found = symbol(bits, &walk->literals);
        if (found >= 0 && found < END_OF_BLOCK) /* what is held lasts for two */
            found = symbol(bits, &walk->literals);
        if (found == END_OF_BLOCK)
            return !beyond_end(bits);
        if (found < 0 || beyond_end(bits))
            return false;
        if (found < END_OF_BLOCK)
            continue;
        drop(bits, length_extra[found - END_OF_BLOCK]);
        refill(bits);
        int distance = symbol(bits, &walk->distances);
        if (distance < 0)
            return false;
        drop(bits, distance_extra[distance]);
    }
}

static bool skip_block(struct deflate_walk *walk, struct bits *bits, unsigned type)
{
    switch (type) {
    case 0:
        return skip_stored(bits);
    case 1:
        return build_fixed(walk) && skip_codes(walk, bits);
    case 2:
        return build_dynamic(walk, bits) && skip_codes(walk, bits);
    default:
        return false;
    }
}

bool deflate_walk_last_block(
    struct deflate_walk *walk, const uint8_t *bytes, size_t length, struct deflate_block *block)
{
    struct bits bits = {.bytes = bytes, .length = length};
    for (bool last = false; !last;) {
        block->start = position(&bits);
        last = take(&bits, 1);
        unsigned type = take(&bits, 2);
        if (beyond_end(&bits) || !skip_block(walk, &bits, type))
            return false;
    }
    block->end = position(&bits);
    return true;
}
