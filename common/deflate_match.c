#include "common/deflate_match.h"

#include <endian.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/memory.h"

/* tests/bench/compressors on a crawl's index: 32 places are 0.25 % smaller and 4 % slower; 4 where a match is
 * good are 0.4 % larger and 3 % quicker. */
#define CHAIN_DEPTH      24  /* places that are looked at for a match … */
#define CHAIN_DEPTH_LAZY 16  /* … and for a better one behind it … */
#define CHAIN_DEPTH_GOOD 8   /* … where this one is … */
#define LENGTH_GOOD      16u /* … as long as this */
#define LENGTH_ENOUGH                                                                                        \
    160u /* a match of this length is taken as it is; an avatar is 100 bytes that all have */

#define HASH_BITS 14
#define NOWHERE   0u

/* Places are counted from the first byte of the view, and stand here plus one. */
struct deflate_matcher {
    uint16_t newest[1u << HASH_BITS];               /* by hash: the last place */
    uint16_t older[DEFLATE_WINDOW + DEFLATE_PIECE]; /* by place: the one before it of the same hash */
    uint32_t end;                                   /* of the last piece */
    uint32_t tokens[DEFLATE_PIECE];
};

/* One piece; a variable of its own, so that the compiler keeps it in registers. */
struct run {
    uint16_t *newest, *older; /* the matcher's */
    const uint8_t *bytes;
    uint32_t end;
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

/* Multiplicative hashing with 2^32 divided by the golden ratio (Knuth, TAOCP 6.4). */
static inline uint32_t hash_of(uint32_t value)
{
    return value * 0x9e3779b1u >> (32 - HASH_BITS);
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

/* Makes a place known, and returns the newest one before it of the same hash, plus one. */
static inline uint32_t enter(struct run *run, uint32_t place)
{
    uint32_t hash = hash_of(four_bytes(run->bytes + place));
    uint32_t before = run->newest[hash];
    run->older[place] = (uint16_t)before;
    run->newest[hash] = (uint16_t)(place + 1);
    return before;
}

static inline void enter_all(struct run *run, uint32_t from, uint32_t to)
{
    uint32_t last = run->end < DEFLATE_MATCH_MIN ? 0 : run->end - DEFLATE_MATCH_MIN + 1;
    for (uint32_t place = from; place < to && place < last; place++)
        enter(run, place);
}

/* The longest match at `place` that is longer than `length`; makes the place known. */
static inline struct match find(struct run *run, uint32_t place, uint32_t length, int depth)
{
    struct match best = {length, 0};
    const uint8_t *bytes = run->bytes, *here = bytes + place;
    uint32_t left = run->end - place;
    uint32_t max = left < DEFLATE_MATCH_MAX ? left : DEFLATE_MATCH_MAX;
    if (max < DEFLATE_MATCH_MIN)
        return best;
    uint32_t candidate = enter(run, place), first = four_bytes(here);
    if (best.length >= max)
        return best;
    /* Most candidates that cannot be longer differ in the last bytes they would need. */
    uint32_t last = four_bytes(here + best.length - 3);
    for (; candidate != NOWHERE && depth > 0; candidate = run->older[candidate - 1], depth--) {
        const uint8_t *there = bytes + candidate - 1;
        if (here - there > (ptrdiff_t)DEFLATE_WINDOW)
            break;
        if (four_bytes(there + best.length - 3) != last || four_bytes(there) != first)
            continue;
        uint32_t found = same_bytes(here, there, DEFLATE_MATCH_MIN, max);
        if (found <= best.length)
            continue;
        best = (struct match){found, (uint32_t)(here - there)};
        if (found >= LENGTH_ENOUGH || found == max)
            break;
        last = four_bytes(here + best.length - 3);
    }
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
    while (match.length < LENGTH_ENOUGH && place + 1 < run->end) {
        int depth = match.length < LENGTH_GOOD ? CHAIN_DEPTH_LAZY : CHAIN_DEPTH_GOOD;
        struct match later = find(run, place + 1, match.length - 1, depth);
        known = place + 2;
        if (!later.distance || !better(later, match))
            break;
        put_literal(run, place++);
        match = later;
    }
    *run->next++ = 1u << 31 | match.length << 16 | (match.distance - 1);
    enter_all(run, known, place + match.length);
    return place + match.length;
}

/* What lies `shift` bytes further on in the last piece and its view becomes the view. */
static void shift_places(uint16_t *places, uint32_t count, uint32_t shift)
{
    for (uint32_t i = 0; i < count; i++)
        places[i] = (uint16_t)(places[i] > shift ? places[i] - shift : NOWHERE);
}

/* The tables know the view, but for the places whose hash takes in bytes behind it: those are from the one
 * returned on. */
static uint32_t know_view(struct deflate_matcher *matcher, uint32_t before, bool follows)
{
    if (!follows) {
        memset(matcher->newest, NOWHERE, sizeof matcher->newest);
        return 0;
    }
    if (before > matcher->end)
        log_bug("deflate_match: %u bytes in view of %u", before, matcher->end);
    uint32_t shift = matcher->end - before;
    memmove(matcher->older, matcher->older + shift, before * sizeof *matcher->older);
    shift_places(matcher->older, before, shift);
    shift_places(matcher->newest, 1u << HASH_BITS, shift);
    return before < DEFLATE_MATCH_MIN ? 0 : before - DEFLATE_MATCH_MIN + 1;
}

struct deflate_tokens deflate_matcher_run(
    struct deflate_matcher *matcher, const uint8_t *bytes, uint32_t before, uint32_t length, bool follows)
{
    if (before > DEFLATE_WINDOW || length > DEFLATE_PIECE)
        log_bug("deflate_match: a piece of %u bytes behind %u", length, before);
    struct run run = {
        .newest = matcher->newest,
        .older = matcher->older,
        .bytes = bytes - before,
        .end = before + length,
        .next = matcher->tokens,
    };
    enter_all(&run, know_view(matcher, before, follows), before);
    for (uint32_t place = before; place < run.end;) {
        struct match match = find(&run, place, DEFLATE_MATCH_MIN - 1, CHAIN_DEPTH);
        if (match.distance)
            place = put_match(&run, place, match);
        else
            put_literal(&run, place++);
    }
    matcher->end = run.end;
    return (struct deflate_tokens){matcher->tokens, (uint32_t)(run.next - matcher->tokens)};
}
