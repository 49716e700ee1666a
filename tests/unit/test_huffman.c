#include "common/huffman.h"

#include <stdbool.h>
#include <string.h>

#include "tests/unit/unit.h"

#define SYMBOLS HUFFMAN_SYMBOLS_MAX

static uint32_t reversed(uint32_t code, unsigned bits)
{
    uint32_t out = 0;
    for (unsigned i = 0; i < bits; i++)
        out |= (code >> i & 1) << (bits - 1 - i);
    return out;
}

/* A complete prefix code of which no code is too long, in the order RFC 1951, 3.2.2 wants. */
static void assert_code(const uint8_t *lengths, const uint16_t *codes, uint32_t symbols, unsigned bits_max)
{
    uint32_t space = 0, next = 0;
    for (unsigned length = 1; length <= HUFFMAN_BITS_MAX; length++) {
        next <<= 1;
        for (uint32_t i = 0; i < symbols; i++) {
            if (lengths[i] != length)
                continue;
            assert_in_range(length, 1, bits_max);
            assert_int_equal(reversed(codes[i], length), next++);
            space += 1u << (HUFFMAN_BITS_MAX - length);
        }
    }
    assert_int_equal(space, 1u << HUFFMAN_BITS_MAX);
}

static uint64_t bits_of(const uint32_t *counts, const uint8_t *lengths, uint32_t symbols)
{
    uint64_t bits = 0;
    for (uint32_t i = 0; i < symbols; i++)
        bits += (uint64_t)counts[i] * lengths[i];
    return bits;
}

/* The least number of bits, by joining the two rarest again and again. */
static uint64_t least_bits(const uint32_t *counts, uint32_t symbols)
{
    uint64_t weights[SYMBOLS], bits = 0;
    uint32_t count = 0;
    for (uint32_t i = 0; i < symbols; i++) {
        if (counts[i])
            weights[count++] = counts[i];
    }
    while (count > 1) {
        for (uint32_t place = 0; place < 2; place++) {
            uint32_t least = place;
            for (uint32_t i = place; i < count; i++)
                least = weights[i] < weights[least] ? i : least;
            uint64_t weight = weights[least];
            weights[least] = weights[place];
            weights[place] = weight;
        }
        bits += weights[0] += weights[1];
        weights[1] = weights[--count];
    }
    return bits;
}

static void test_codes_are_complete_and_as_short_as_can_be(void **state)
{
    (void)state;
    uint32_t counts[SYMBOLS];
    uint8_t lengths[SYMBOLS];
    uint16_t codes[SYMBOLS];
    uint64_t random = 3;
    for (int round = 0; round < 2000; round++) {
        uint32_t symbols = 2 + (uint32_t)(unit_random(&random) % (SYMBOLS - 1)), used = 0;
        for (uint32_t i = 0; i < symbols; i++) {
            uint32_t most = 1u << unit_random(&random) % 10;
            counts[i] = unit_random(&random) % 3 ? (uint32_t)(unit_random(&random) % most) : 0;
            used += counts[i] > 0;
        }
        huffman_make(counts, symbols, 15, lengths, codes);
        if (used < 2)
            continue;
        assert_code(lengths, codes, symbols, 15);
        assert_int_equal(bits_of(counts, lengths, symbols), least_bits(counts, symbols));
    }
}

/* Fibonacci numbers give the deepest trees. */
static void test_long_codes_are_cut(void **state)
{
    (void)state;
    uint32_t counts[28] = {1, 1};
    uint8_t lengths[28];
    uint16_t codes[28];
    for (uint32_t i = 2; i < 28; i++)
        counts[i] = counts[i - 1] + counts[i - 2];
    for (unsigned bits_max = 5; bits_max <= 15; bits_max++) {
        huffman_make(counts, 28, bits_max, lengths, codes);
        assert_code(lengths, codes, 28, bits_max);
        for (uint32_t i = 1; i < 28; i++)
            assert_true(lengths[i] <= lengths[i - 1]);
    }
    memset(counts, 0, sizeof counts);
    for (uint32_t i = 0; i < 19; i++)
        counts[i] = 1u << i;
    huffman_make(counts, 19, 7, lengths, codes);
    assert_code(lengths, codes, 19, 7);
}

static void test_few_symbols(void **state)
{
    (void)state;
    uint32_t counts[30] = {0};
    uint8_t lengths[30];
    uint16_t codes[30];
    huffman_make(counts, 30, 15, lengths, codes);
    for (uint32_t i = 0; i < 30; i++)
        assert_int_equal(lengths[i], 0);
    for (uint32_t symbol = 0; symbol < 30; symbol++) {
        counts[symbol] = 4711;
        huffman_make(counts, 30, 15, lengths, codes);
        assert_code(lengths, codes, 30, 15);
        assert_int_equal(lengths[symbol], 1);
        counts[symbol] = 0;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_codes_are_complete_and_as_short_as_can_be),
        cmocka_unit_test(test_long_codes_are_cut),
        cmocka_unit_test(test_few_symbols),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
