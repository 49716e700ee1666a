#include "common/deflate_match.h"

#include <endian.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/memory.h"

/* What else was tried, by tests/bench/compressors on all that a crawl publishes: KEY 7 with MORE_MAX 3 is 0.5
 * % larger and 7 % quicker, but index/entries is then more than 5 % above gzip -6; LENGTH_GOOD 24 is 1 %
 * larger; tables twice as large are 0.2 % smaller and 5 % slower; the last two heads are 0.6 % smaller and 13
 * % slower; the distance of the match before, looked at first, is no quicker. */
#define KEY      8u /* bytes that a longer match is found by, all that are hashed: … */
#define MORE_MAX 4u /* … so many of them lie behind the end of the one there is … */
#define MORE_MIN 2u /* … or, where no place has those, so many */
/* A match of this length is taken as it is (an avatar is 100 bytes that all have) … */
#define LENGTH_ENOUGH 160u
/* … and behind one of this length no better one is looked for. */
#define LENGTH_GOOD 48u
_Static_assert(
    LENGTH_ENOUGH + MORE_MAX <= DEFLATE_MATCH_MAX, "what a match is lengthened by is a part of it");

#define HEAD_BITS 14
#define TAIL_BITS 15
#define NOWHERE   0u

/* Places are counted from the first byte of the view, and stand here plus `base` plus one. What is not above
 * `base` is of an earlier stream, and nowhere. */
struct deflate_matcher {
    uint16_t heads[1u << HEAD_BITS]; /* by the hash of four bytes: the last place that begins with them */
    uint16_t tails[1u << TAIL_BITS]; /* by the hash of KEY bytes */
    uint32_t base;                   /* what the tables add to a place */
    uint32_t end;                    /* of the last piece */
    uint32_t tokens[DEFLATE_PIECE];
};

/* One piece; a variable of its own, so that the compiler keeps it in registers. */
struct run {
    uint16_t *heads, *tails; /* the matcher's */
    const uint8_t *bytes;
    uint32_t base, end;
    uint32_t *next; /* token */
};

struct match {
    uint32_t length, distance; /* distance 0: none */
};

struct deflate_matcher *deflate_matcher_open(void)
{
    return memory_zalloc(1, sizeof(struct deflate_matcher));
}

void deflate_matcher_close(struct deflate_matcher **matcher)
{
    free(*matcher);
    *matcher = NULL;
}

static inline uint32_t four_bytes(const uint8_t *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return le32toh(value);
}

static inline uint64_t eight_bytes(const uint8_t *at)
{
    uint64_t value;
    memcpy(&value, at, sizeof value);
    return le64toh(value);
}

/* Multiplicative hashing (Knuth, TAOCP 6.4). The lower half of the product follows from the lower half of the
 * factor alone, so one multiplication is enough for both tables; either half of the multiplier is 2^32
 * divided by the golden ratio, the lower one a prime. With 2^64 divided by it entries are half a percent
 * larger. */
static inline uint64_t product_of(uint64_t eight)
{
    return eight * 0x9e3779b99e3779b1u;
}

static inline uint32_t head_hash(uint64_t product)
{
    return (uint32_t)product >> (32 - HEAD_BITS);
}

static inline uint32_t tail_hash(uint64_t product)
{
    return (uint32_t)(product >> (64 - TAIL_BITS));
}

/* How many bytes are the same, of which `length` are known to be, at most `max`. */
static inline uint32_t same_bytes(const uint8_t *left, const uint8_t *right, uint32_t length, uint32_t max)
{
    for (; length + 8 <= max; length += 8) {
        uint64_t differing = eight_bytes(left + length) ^ eight_bytes(right + length);
        if (differing)
            return length + (uint32_t)(__builtin_ctzll(differing) >> 3);
    }
    while (length < max && left[length] == right[length])
        length++;
    return length;
}

/* Makes places known; the last ones only by four bytes. */
static inline void enter(struct run *run, uint32_t from, uint32_t to)
{
    uint32_t with_key =
        run->end < KEY ? 0 : run->end - KEY + 1; /* the end of those that have so many bytes */
    uint32_t place = from, both = to < with_key ? to : with_key;
    uint16_t number = (uint16_t)(run->base + place + 1);
    for (; place < both; place++, number++) {
        uint64_t product = product_of(eight_bytes(run->bytes + place));
        run->heads[head_hash(product)] = number;
        run->tails[tail_hash(product)] = number;
    }
    for (; place < to && place + DEFLATE_MATCH_MIN <= run->end; place++)
        run->heads[head_hash(product_of(four_bytes(run->bytes + place)))] = (uint16_t)(run->base + place + 1);
}

/* How many bytes at `place` are the same as those where the place in a table, `offset` bytes further on,
 * belongs; 0: less than DEFLATE_MATCH_MIN. */
static inline struct match match_with(
    const struct run *run, uint32_t place, uint32_t offset, uint32_t known, uint32_t max)
{
    const uint8_t *here = run->bytes + place;
    uint32_t distance = run->base + place + offset + 1 - known;
    /* What is nowhere, or of an earlier stream, is further away than the first byte. */
    if (distance > (place < DEFLATE_WINDOW ? place : DEFLATE_WINDOW) ||
        four_bytes(here - distance) != four_bytes(here))
        return (struct match){0};
    return (struct match){same_bytes(here, here - distance, DEFLATE_MATCH_MIN, max), distance};
}

/* Whatever is longer has the bytes around the end of the present length in common with this place: they are
 * what it is looked up by, those that reach furthest first. */
static inline bool lengthen(const struct run *run, uint32_t place, uint32_t max, struct match *best)
{
    for (uint32_t more = MORE_MAX; more >= MORE_MIN; more--) {
        uint32_t end = best->length + more;
        if (end < KEY || place + end > run->end)
            continue;
        uint32_t offset = end - KEY;
        uint32_t known = run->tails[tail_hash(product_of(eight_bytes(run->bytes + place + offset)))];
        struct match match = match_with(run, place, offset, known, max);
        if (match.length > best->length) {
            *best = match;
            return true;
        }
    }
    return false;
}

/* A long match at `place` that is longer than `length`; makes the place known. */
static inline struct match find(struct run *run, uint32_t place, uint32_t length)
{
    struct match best = {length, 0};
    uint32_t left = run->end - place;
    uint32_t max = left < DEFLATE_MATCH_MAX ? left : DEFLATE_MATCH_MAX;
    if (max < DEFLATE_MATCH_MIN)
        return best;
    bool has_key = left >= KEY;
    uint64_t product = product_of(has_key ? eight_bytes(run->bytes + place) : four_bytes(run->bytes + place));
    uint16_t *head = &run->heads[head_hash(product)];
    if (length < DEFLATE_MATCH_MIN)
        best = match_with(run, place, 0, *head, max);
    bool longer = best.length >= DEFLATE_MATCH_MIN;
    while (longer && best.length < LENGTH_ENOUGH)
        longer = lengthen(run, place, max, &best);
    *head = (uint16_t)(run->base + place + 1);
    if (has_key)
        run->tails[tail_hash(product)] = (uint16_t)(run->base + place + 1);
    return best;
}

/* Whether it is worth a literal to begin one byte later: a length is worth four bits a byte, and distances
 * cost a bit for each doubling. Both are matches. */
static inline bool better(struct match later, struct match now)
{
    int closer = __builtin_clz(later.distance) - __builtin_clz(now.distance);
    return 4 * ((int)later.length - (int)now.length) + closer > 2;
}

static inline void put_literal(struct run *run, uint32_t place)
{
    *run->next++ = run->bytes[place];
}

/* The place behind the match that begins here or soon after. */
static inline uint32_t put_match(struct run *run, uint32_t place, struct match match)
{
    uint32_t known = place + 1;
    while (match.length < LENGTH_GOOD && place + 1 < run->end) {
        struct match later = find(run, place + 1, match.length - 1);
        known = place + 2;
        if (!later.distance || !better(later, match))
            break;
        put_literal(run, place++);
        match = later;
    }
    *run->next++ = 1u << 31 | match.length << 16 | (match.distance - 1);
    enter(run, known, place + match.length);
    return place + match.length;
}

/* What lies `shift` further on becomes the first place. In 16 bits throughout: compilers make a subtraction
 * of eight or more at once of it, or this is a twentieth of all the time. */
static void shift_places(uint16_t *places, uint32_t count, uint16_t shift)
{
    for (uint32_t i = 0; i < count; i++) {
        uint16_t place = places[i], shifted = (uint16_t)(place - shift);
        places[i] = place > shift ? shifted : (uint16_t)NOWHERE;
    }
}

/* Nothing is known. Tables are not cleared as long as there are numbers for more places: most streams are
 * shorter than they. */
static void forget(struct deflate_matcher *matcher, uint32_t places)
{
    matcher->base += matcher->end;
    if (matcher->base + places <= UINT16_MAX)
        return;
    memset(matcher->heads, NOWHERE, sizeof matcher->heads);
    memset(matcher->tails, NOWHERE, sizeof matcher->tails);
    matcher->base = 0;
}

/* The tables know the view, but for the places whose hash takes in bytes behind it: those are from the one
 * returned on. */
static uint32_t know_view(struct deflate_matcher *matcher, uint32_t before, uint32_t length, bool follows)
{
    if (!follows) {
        forget(matcher, before + length);
        return 0;
    }
    if (before > matcher->end)
        log_bug("deflate_match: %u bytes in view of %u", before, matcher->end);
    uint32_t shift = matcher->base + matcher->end - before;
    shift_places(matcher->heads, 1u << HEAD_BITS, (uint16_t)shift);
    shift_places(matcher->tails, 1u << TAIL_BITS, (uint16_t)shift);
    matcher->base = 0;
    return before < KEY ? 0 : before - KEY + 1;
}

struct deflate_tokens deflate_matcher_run(
    struct deflate_matcher *matcher, const uint8_t *bytes, uint32_t before, uint32_t length, bool follows)
{
    if (before > DEFLATE_WINDOW || length > DEFLATE_PIECE)
        log_bug("deflate_match: a piece of %u bytes behind %u", length, before);
    uint32_t unknown = know_view(matcher, before, length, follows);
    struct run run = {
        .heads = matcher->heads,
        .tails = matcher->tails,
        .bytes = bytes - before,
        .base = matcher->base,
        .end = before + length,
        .next = matcher->tokens,
    };
    enter(&run, unknown, before);
    for (uint32_t place = before; place < run.end;) {
        struct match match = find(&run, place, DEFLATE_MATCH_MIN - 1);
        if (match.distance)
            place = put_match(&run, place, match);
        else
            put_literal(&run, place++);
    }
    matcher->end = run.end;
    return (struct deflate_tokens){matcher->tokens, (uint32_t)(run.next - matcher->tokens)};
}
