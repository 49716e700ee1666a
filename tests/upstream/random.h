// Reproducible randomness: every choice is a hash of what it is about, so that nothing has to be stored.
#pragma once

#include <stdint.h>

// SplitMix64's finaliser (Steele, Lea, Flood 2014): a bijection whose output bits all depend on all input
// bits.
static inline uint64_t random_mix(uint64_t value)
{
    value += 0x9e3779b97f4a7c15U;
    value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9U;
    value = (value ^ value >> 27) * 0x94d049bb133111ebU;
    return value ^ value >> 31;
}

// A further independent value derived from `hash`; `salt` tells the uses apart.
static inline uint64_t random_derive(uint64_t hash, uint64_t salt)
{
    return random_mix(hash ^ salt * 0xd1342543de82ef95U);
}

// Maps the upper half of `hash` evenly onto 0..limit-1; limit > 0.
static inline uint32_t random_below(uint64_t hash, uint32_t limit)
{
    return (uint32_t)((hash >> 32) * limit >> 32);
}

// True for about one in `n` hashes.
static inline int random_one_in(uint64_t hash, uint32_t n)
{
    return random_below(hash, n) == 0;
}

// 53 bits as a fraction in [0, 1).
static inline double random_fraction(uint64_t hash)
{
    return (double)(hash >> 11) * 0x1p-53;
}
