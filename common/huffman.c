#include "common/huffman.h"

#include <stdbool.h>
#include <string.h>

#define SYMBOL_BITS 9u /* a count and its symbol in one number, so that sorting moves both */
#define SYMBOL_MASK ((1u << SYMBOL_BITS) - 1)
#define DIGIT_BITS  8u
#define DIGITS      (1u << DIGIT_BITS)
#define FEW         48u

/* By the DIGIT_BITS from `shift` on; those that are equal there stay in their order. */
static void sort_by_digit(const uint32_t *from, uint32_t count, unsigned shift, uint32_t *to)
{
    uint32_t places[DIGITS] = {0}, place = 0;
    for (uint32_t i = 0; i < count; i++)
        places[from[i] >> shift & (DIGITS - 1)]++;
    for (uint32_t digit = 0; digit < DIGITS; digit++) {
        uint32_t next = place + places[digit];
        places[digit] = place;
        place = next;
    }
    for (uint32_t i = 0; i < count; i++)
        to[places[from[i] >> shift & (DIGITS - 1)]++] = from[i];
}

/* For so few that counting digits takes longer than moving them. */
static void sort_few(uint32_t *sorted, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        uint32_t moved = sorted[i], to = i;
        for (; to && sorted[to - 1] > moved; to--)
            sorted[to] = sorted[to - 1];
        sorted[to] = moved;
    }
}

/* Ascending by count and, of the same, by symbol: least digit first (Knuth, TAOCP 5.2.5), so that the
 * symbols, ascending already, stay. */
static void sort_counts(uint32_t *sorted, uint32_t count)
{
    if (count <= FEW) {
        sort_few(sorted, count);
        return;
    }
    uint32_t other[HUFFMAN_SYMBOLS_MAX], all = 0;
    for (uint32_t i = 0; i < count; i++)
        all |= sorted[i];
    for (unsigned shift = SYMBOL_BITS; shift < 32 && all >> shift; shift += DIGIT_BITS) {
        sort_by_digit(sorted, count, shift, other);
        memcpy(sorted, other, count * sizeof *sorted);
    }
}

/* The smaller of the next leaf and the next inner node; an inner node is marked with its parent. */
static uint32_t take(uint32_t *weights, uint32_t count, uint32_t *leaf, uint32_t *root, uint32_t parent)
{
    if (*leaf < count && (*root == parent || weights[*leaf] <= weights[*root]))
        return weights[(*leaf)++];
    uint32_t weight = weights[*root];
    weights[(*root)++] = parent;
    return weight;
}

/* Turns ascending weights into the depths of their leaves, descending. `count` is at least 2. */
static void depths_of(uint32_t *weights, uint32_t count)
{
    uint32_t leaf = 0, root = 0;
    for (uint32_t parent = 0; parent < count - 1; parent++) {
        uint32_t weight = take(weights, count, &leaf, &root, parent);
        weights[parent] = weight + take(weights, count, &leaf, &root, parent);
    }
    /* Inner nodes hold their parents: from the root down, their depths. */
    weights[count - 2] = 0;
    for (uint32_t node = count - 2; node-- > 0;)
        weights[node] = weights[weights[node]] + 1;
    /* What is not an inner node on a level is a leaf. */
    uint32_t places = 1, depth = 0, next = count;
    for (uint32_t inner = count - 1; places; depth++) {
        uint32_t nodes = 0;
        for (; inner && weights[inner - 1] == depth; inner--)
            nodes++;
        for (; places > nodes; places--)
            weights[--next] = depth;
        places = 2 * nodes;
    }
}

/* How many codes there are of each length, none longer than `bits_max`. */
static void count_lengths(
    const uint32_t *depths, uint32_t count, unsigned bits_max, uint32_t of_length[HUFFMAN_BITS_MAX + 1])
{
    uint32_t used = 0; /* of the code space, in units of the longest code */
    for (uint32_t i = 0; i < count; i++) {
        uint32_t depth = depths[i] < bits_max ? depths[i] : bits_max;
        of_length[depth]++;
        used += 1u << (bits_max - depth);
    }
    /* Each step makes a shorter code one bit longer, and hangs one of the longest beside it. */
    for (; used > 1u << bits_max; used--) {
        unsigned length = bits_max - 1;
        while (!of_length[length])
            length--;
        of_length[length]--;
        of_length[length + 1] += 2;
        of_length[bits_max]--;
    }
}

/* The lowest `count` bits, the last one first. */
static uint16_t reversed(uint32_t bits, unsigned count)
{
    bits = (bits & 0x5555u) << 1 | (bits >> 1 & 0x5555u);
    bits = (bits & 0x3333u) << 2 | (bits >> 2 & 0x3333u);
    bits = (bits & 0x0f0fu) << 4 | (bits >> 4 & 0x0f0fu);
    bits = (bits & 0x00ffu) << 8 | (bits >> 8 & 0x00ffu);
    return (uint16_t)(bits >> (16 - count));
}

/* `used`: the symbols that have a code, ascending. */
static void assign_codes(const uint8_t *lengths, const uint16_t *used, uint32_t count, uint16_t *codes)
{
    uint32_t of_length[HUFFMAN_BITS_MAX + 1] = {0}, next[HUFFMAN_BITS_MAX + 1] = {0}, code = 0;
    for (uint32_t i = 0; i < count; i++)
        of_length[lengths[used[i]]]++;
    for (unsigned length = 1; length <= HUFFMAN_BITS_MAX; length++)
        next[length] = code = (code + of_length[length - 1]) << 1;
    for (uint32_t i = 0; i < count; i++) {
        unsigned length = lengths[used[i]];
        codes[used[i]] = reversed(next[length]++, length);
    }
}

/* The lengths of the codes of `count` symbols, at least 2; `sorted` as by sort_counts. */
static void assign_lengths(const uint32_t *sorted, uint32_t count, unsigned bits_max, uint8_t *lengths)
{
    uint32_t weights[HUFFMAN_SYMBOLS_MAX], of_length[HUFFMAN_BITS_MAX + 1] = {0};
    for (uint32_t i = 0; i < count; i++)
        weights[i] = sorted[i] >> SYMBOL_BITS;
    depths_of(weights, count);
    count_lengths(weights, count, bits_max, of_length);
    for (unsigned length = bits_max, at = 0; length; length--) {
        for (uint32_t i = 0; i < of_length[length]; i++)
            lengths[sorted[at++] & SYMBOL_MASK] = (uint8_t)length;
    }
}

/* A single symbol and another, so that the code is complete. */
static uint32_t accompany(uint16_t *used, uint8_t *lengths)
{
    used[1] = used[0] ? used[0] : 1;
    used[0] = 0;
    lengths[used[0]] = lengths[used[1]] = 1;
    return 2;
}

void huffman_make(
    const uint32_t *counts, uint32_t symbols, unsigned bits_max, uint8_t *lengths, uint16_t *codes)
{
    uint32_t sorted[HUFFMAN_SYMBOLS_MAX] = {0}, count = 0;
    uint16_t used[HUFFMAN_SYMBOLS_MAX];
    memset(lengths, 0, symbols * sizeof *lengths);
    memset(codes, 0, symbols * sizeof *codes);
    for (uint32_t i = 0; i < symbols; i++) { /* without a branch: which occur, no processor foresees */
        sorted[count] = counts[i] << SYMBOL_BITS | i;
        used[count] = (uint16_t)i;
        count += counts[i] != 0;
    }
    if (count == 1) {
        count = accompany(used, lengths);
    } else if (count) {
        sort_counts(sorted, count);
        assign_lengths(sorted, count, bits_max, lengths);
    }
    assign_codes(lengths, used, count, codes);
}
