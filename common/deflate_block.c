#include "common/deflate_block.h"

#include <endian.h>
#include <stdbool.h>
#include <string.h>

#include "common/huffman.h"

#define LITERALS         286u /* and lengths: symbols of the first code */
#define DISTANCES        30u
#define LENGTHS          19u /* symbols of the code that code lengths are written in */
#define END_OF_BLOCK     256u
#define FIRST_LENGTH     257u
#define BITS_MAX         15u
#define LENGTHS_BITS_MAX 7u
#define LAST             1u
#define STORED           0u
#define FIXED            1u
#define DYNAMIC          2u

/* RFC 1951, 3.2.5: the first length or distance of each symbol, and how many bits say which of those it
 * stands for. */
static const uint16_t length_base[] = {3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51,
    59, 67, 83, 99, 115, 131, 163, 195, 227, 258};
static const uint8_t length_extra[] = {
    0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};

/* The symbol of each length. A table is quicker than finding it: what a length is, no processor foresees. */
static const uint8_t length_symbols[DEFLATE_MATCH_MAX + 1] = {0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 8, 9, 9, 10,
    10, 11, 11, 12, 12, 12, 12, 13, 13, 13, 13, 14, 14, 14, 14, 15, 15, 15, 15, 16, 16, 16, 16, 16, 16, 16,
    16, 17, 17, 17, 17, 17, 17, 17, 17, 18, 18, 18, 18, 18, 18, 18, 18, 19, 19, 19, 19, 19, 19, 19, 19, 20,
    20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 21, 21, 21, 21, 21, 21, 21, 21, 21, 21, 21,
    21, 21, 21, 21, 21, 22, 22, 22, 22, 22, 22, 22, 22, 22, 22, 22, 22, 22, 22, 22, 22, 23, 23, 23, 23, 23,
    23, 23, 23, 23, 23, 23, 23, 23, 23, 23, 23, 24, 24, 24, 24, 24, 24, 24, 24, 24, 24, 24, 24, 24, 24, 24,
    24, 24, 24, 24, 24, 24, 24, 24, 24, 24, 24, 24, 24, 24, 24, 24, 24, 25, 25, 25, 25, 25, 25, 25, 25, 25,
    25, 25, 25, 25, 25, 25, 25, 25, 25, 25, 25, 25, 25, 25, 25, 25, 25, 25, 25, 25, 25, 25, 25, 26, 26, 26,
    26, 26, 26, 26, 26, 26, 26, 26, 26, 26, 26, 26, 26, 26, 26, 26, 26, 26, 26, 26, 26, 26, 26, 26, 26, 26,
    26, 26, 26, 27, 27, 27, 27, 27, 27, 27, 27, 27, 27, 27, 27, 27, 27, 27, 27, 27, 27, 27, 27, 27, 27, 27,
    27, 27, 27, 27, 27, 27, 27, 27, 28};

/* 3.2.7: the order in which the lengths of the third code are written. */
static const uint8_t lengths_order[LENGTHS] = {
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};

struct codes {
    uint8_t literal_lengths[LITERALS], distance_lengths[DISTANCES];
    uint16_t literal_codes[LITERALS], distance_codes[DISTANCES];
    uint32_t literal_counts[LITERALS], distance_counts[DISTANCES];
    /* By length: its code with the bits behind it, and how many bits that makes. */
    uint32_t length_values[DEFLATE_MATCH_MAX + 1];
    uint8_t length_bits[DEFLATE_MATCH_MAX + 1];
};

/* The lengths of both codes, as they are written: a symbol and what else it says. */
struct header {
    uint8_t symbols[LITERALS + DISTANCES], extra[LITERALS + DISTANCES];
    uint32_t count;
    uint32_t literals, distances; /* how many lengths of each code are written */
    uint8_t lengths[LENGTHS];
    uint16_t codes[LENGTHS];
    uint32_t counts[LENGTHS];
    uint32_t order_count;
};

/* ---- symbols ---- */

static inline uint32_t floor_log2(uint32_t value)
{
    return 31u - (uint32_t)__builtin_clz(value);
}

static inline uint32_t distance_symbol(uint32_t distance)
{
    if (distance < 3)
        return distance - 1;
    uint32_t log = floor_log2(distance - 1);
    return 2 * log + ((distance - 1) >> (log - 1)) - 2;
}

static inline unsigned distance_extra(uint32_t symbol)
{
    return symbol < 4 ? 0 : symbol / 2 - 1;
}

static void count_symbols(struct codes *codes, struct deflate_tokens tokens)
{
    codes->literal_counts[END_OF_BLOCK] = 1;
    for (uint32_t i = 0; i < tokens.count; i++) {
        uint32_t token = tokens.tokens[i];
        if (!DEFLATE_IS_MATCH(token)) {
            codes->literal_counts[token]++;
            continue;
        }
        codes->literal_counts[FIRST_LENGTH + length_symbols[DEFLATE_MATCH_LENGTH(token)]]++;
        codes->distance_counts[distance_symbol(DEFLATE_MATCH_DISTANCE(token))]++;
    }
}

/* ---- the header ---- */

static void add_symbol(struct header *header, uint32_t symbol, uint32_t extra)
{
    header->symbols[header->count] = (uint8_t)symbol;
    header->extra[header->count++] = (uint8_t)extra;
    header->counts[symbol]++;
}

/* A run of equal lengths: 16 repeats the last one 3 to 6 times, 17 and 18 stand for 3 to 138 zeroes. */
static void add_run(struct header *header, uint8_t length, uint32_t times)
{
    if (length) {
        add_symbol(header, length, 0);
        times--;
    }
    while (times >= 3) {
        uint32_t most = length ? 6 : 138, part = times < most ? times : most;
        if (length)
            add_symbol(header, 16, part - 3);
        else if (part < 11)
            add_symbol(header, 17, part - 3);
        else
            add_symbol(header, 18, part - 11);
        times -= part;
    }
    for (; times; times--)
        add_symbol(header, length, 0);
}

static struct header make_header(const struct codes *codes)
{
    struct header header = {.literals = LITERALS, .distances = DISTANCES, .order_count = LENGTHS};
    uint8_t lengths[LITERALS + DISTANCES];
    while (header.literals > FIRST_LENGTH && !codes->literal_lengths[header.literals - 1])
        header.literals--;
    while (header.distances > 1 && !codes->distance_lengths[header.distances - 1])
        header.distances--;
    uint32_t count = header.literals + header.distances;
    memcpy(lengths, codes->literal_lengths, header.literals);
    memcpy(lengths + header.literals, codes->distance_lengths, header.distances);
    for (uint32_t at = 0; at < count;) {
        uint32_t end = at + 1;
        while (end < count && lengths[end] == lengths[at])
            end++;
        add_run(&header, lengths[at], end - at);
        at = end;
    }
    huffman_make(header.counts, LENGTHS, LENGTHS_BITS_MAX, header.lengths, header.codes);
    while (header.order_count > 4 && !header.lengths[lengths_order[header.order_count - 1]])
        header.order_count--;
    return header;
}

static inline unsigned header_extra_bits(uint8_t symbol)
{
    return symbol == 18 ? 7 : symbol == 17 ? 3 : symbol == 16 ? 2 : 0;
}

/* ---- bits ---- */

/* At most 56 bits may wait. */
static inline void put(struct deflate_bits *bits, uint64_t value, unsigned count)
{
    bits->waiting |= value << bits->count;
    bits->count += count;
}

/* Writes eight bytes, of which the whole ones count. */
static inline void flush(struct deflate_bits *bits)
{
    uint64_t value = htole64(bits->waiting);
    memcpy(bits->next, &value, sizeof value);
    bits->next += bits->count / 8;
    bits->waiting >>= bits->count & ~7u;
    bits->count &= 7;
}

static void write_header(struct deflate_bits *bits, const struct header *header)
{
    put(bits, DYNAMIC << 1, 3);
    put(bits, header->literals - FIRST_LENGTH, 5);
    put(bits, header->distances - 1, 5);
    put(bits, header->order_count - 4, 4);
    flush(bits);
    for (uint32_t i = 0; i < header->order_count; i++) {
        put(bits, header->lengths[lengths_order[i]], 3);
        flush(bits);
    }
    for (uint32_t i = 0; i < header->count; i++) {
        uint8_t symbol = header->symbols[i];
        put(bits, header->codes[symbol], header->lengths[symbol]);
        put(bits, header->extra[i], header_extra_bits(symbol));
        flush(bits);
    }
}

/* For those lengths that occur. */
static void fill_lengths(struct codes *codes)
{
    for (uint32_t symbol = 0; symbol < sizeof length_base / sizeof *length_base; symbol++) {
        uint32_t code = codes->literal_codes[FIRST_LENGTH + symbol];
        unsigned bits = codes->literal_lengths[FIRST_LENGTH + symbol], extra = length_extra[symbol];
        for (uint32_t more = 0; bits && more < 1u << extra; more++) {
            codes->length_values[length_base[symbol] + more] = code | more << bits;
            codes->length_bits[length_base[symbol] + more] = (uint8_t)(bits + extra);
        }
    }
}

static void write_tokens(struct deflate_bits *to, const struct codes *codes, struct deflate_tokens tokens)
{
    struct deflate_bits bits = *to; /* a variable of its own, so that the compiler keeps it in registers */
    for (uint32_t i = 0; i < tokens.count; i++) {
        uint32_t token = tokens.tokens[i];
        if (DEFLATE_IS_MATCH(token)) {
            uint32_t length = DEFLATE_MATCH_LENGTH(token), distance = DEFLATE_MATCH_DISTANCE(token);
            put(&bits, codes->length_values[length], codes->length_bits[length]);
            uint32_t symbol = distance_symbol(distance);
            unsigned extra = distance_extra(symbol), count = codes->distance_lengths[symbol];
            uint64_t rest = (distance - 1) & ((1u << extra) - 1);
            put(&bits, codes->distance_codes[symbol] | rest << count, count + extra);
        } else {
            put(&bits, codes->literal_codes[token], codes->literal_lengths[token]);
        }
        flush(&bits);
    }
    put(&bits, codes->literal_codes[END_OF_BLOCK], codes->literal_lengths[END_OF_BLOCK]);
    flush(&bits);
    *to = bits;
}

static uint64_t bits_needed(const struct codes *codes, const struct header *header)
{
    uint64_t needed = 17 + 3 * header->order_count;
    for (uint32_t i = 0; i < LENGTHS; i++)
        needed += header->counts[i] * (header->lengths[i] + header_extra_bits((uint8_t)i));
    for (uint32_t i = 0; i < LITERALS; i++) {
        unsigned extra = i < FIRST_LENGTH ? 0 : length_extra[i - FIRST_LENGTH];
        needed += codes->literal_counts[i] * (codes->literal_lengths[i] + extra);
    }
    for (uint32_t i = 0; i < DISTANCES; i++)
        needed += codes->distance_counts[i] * (codes->distance_lengths[i] + distance_extra(i));
    return needed;
}

static void write_stored(struct deflate_bits *bits, const uint8_t *bytes, uint32_t length)
{
    put(bits, STORED << 1, 3);
    put(bits, 0, (8 - bits->count % 8) % 8);
    put(bits, length, 16);
    put(bits, length ^ 0xffffu, 16);
    flush(bits);
    if (length)
        memcpy(bits->next, bytes, length);
    bits->next += length;
}

void deflate_block_align(struct deflate_bits *bits)
{
    write_stored(bits, NULL, 0);
}

void deflate_block_end(struct deflate_bits *bits)
{
    put(bits, FIXED << 1 | LAST, 3);
    put(bits, 0, 7); /* END_OF_BLOCK */
    put(bits, 0, (8 - bits->count % 8) % 8);
    flush(bits);
}

void deflate_block_write(
    struct deflate_bits *bits, struct deflate_tokens tokens, const uint8_t *bytes, uint32_t length)
{
    struct codes codes = {0};
    count_symbols(&codes, tokens);
    huffman_make(codes.literal_counts, LITERALS, BITS_MAX, codes.literal_lengths, codes.literal_codes);
    huffman_make(codes.distance_counts, DISTANCES, BITS_MAX, codes.distance_lengths, codes.distance_codes);
    const struct header header = make_header(&codes);
    if (bits_needed(&codes, &header) >= 8 * (uint64_t)(length + 4)) {
        write_stored(bits, bytes, length);
        return;
    }
    fill_lengths(&codes);
    write_header(bits, &header);
    write_tokens(bits, &codes, tokens);
}
