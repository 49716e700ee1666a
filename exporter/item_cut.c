#include "exporter/item_cut.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "common/log.h"
#include "common/memory.h"

/* An item that nothing smaller stands behind so far. */
struct rival {
    uint64_t hash, begin;
};

struct cutter {
    const struct item_list *list;
    struct item_cuts cuts;
    uint64_t *digests; /* of the items since the last cut */
    size_t digest_count, digest_capacity;
    uint8_t own_digest[ITEM_DIGEST_SIZE]; /* of the last segment, without the one before it; zeroes: none */
    /* The items of the window before the present one that can still be the smallest of a window: their
     * hashes rise from the first to the last. */
    struct rival *rivals;
    size_t rival_first, rival_end, rival_capacity;
    uint64_t first, begin;               /* of the segment: its first item, and where that begins */
    bool found;                          /* an item that is the smallest so far … */
    uint64_t candidate, candidate_begin; /* … and has not enough behind it to be sure */
};

/* splitmix64 (Sebastiano Vigna, public domain): a digest may be weak in some of its bits. */
static uint64_t mix(uint64_t value)
{
    value += 0x9e3779b97f4a7c15u;
    value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9u;
    value = (value ^ value >> 27) * 0x94d049bb133111ebu;
    return value ^ value >> 31;
}

static uint64_t hash_text(struct text text)
{
    return text.length ? XXH3_64bits(text.data, text.length) : 0;
}

/* Its own items, and those of the segment before, which it is compressed in view of. */
static void finish_digest(const XXH3_state_t *state, uint8_t out[static ITEM_DIGEST_SIZE])
{
    XXH128_canonical_t canonical;
    _Static_assert(sizeof canonical == ITEM_DIGEST_SIZE, "the whole hash");
    XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(state));
    memcpy(out, &canonical, ITEM_DIGEST_SIZE);
}

/* Of the first `count` items since the last cut, and of the segment before. */
static void digest_segment(
    struct cutter *cutter, size_t count, bool first, bool last, uint8_t out[static ITEM_DIGEST_SIZE])
{
    const uint64_t frame[] = {
        first, last, first ? hash_text(cutter->list->head) : 0, last ? hash_text(cutter->list->tail) : 0};
    uint8_t before[ITEM_DIGEST_SIZE];
    XXH3_state_t state;
    memcpy(before, cutter->own_digest, sizeof before);
    XXH3_128bits_reset(&state);
    XXH3_128bits_update(&state, frame, sizeof frame);
    if (count)
        XXH3_128bits_update(&state, cutter->digests, count * sizeof *cutter->digests);
    finish_digest(&state, cutter->own_digest);
    XXH3_128bits_update(&state, before, sizeof before);
    finish_digest(&state, out);
}

/* Ends the segment before item `end`, which begins at byte `begin`. */
static void cut(struct cutter *cutter, uint64_t end, uint64_t begin, bool last)
{
    struct item_cuts *cuts = &cutter->cuts;
    if (cuts->count == cuts->capacity) {
        cuts->capacity = cuts->capacity ? cuts->capacity * 2 : 4;
        cuts->segments = memory_resize(cuts->segments, cuts->capacity, sizeof *cuts->segments);
    }
    size_t count = (size_t)(end - cutter->first);
    struct item_segment *segment = &cuts->segments[cuts->count++];
    segment->first = cutter->first;
    segment->end = end;
    digest_segment(cutter, count, cutter->first == 0, last, segment->digest);
    cutter->digest_count -= count;
    if (cutter->digest_count)
        memmove(cutter->digests, cutter->digests + count, cutter->digest_count * sizeof *cutter->digests);
    cutter->first = end;
    cutter->begin = begin;
    cutter->found = false;
}

static void keep_digest(struct cutter *cutter, uint64_t digest)
{
    if (cutter->digest_count == cutter->digest_capacity) {
        cutter->digest_capacity = cutter->digest_capacity ? cutter->digest_capacity * 2 : 256;
        cutter->digests = memory_resize(cutter->digests, cutter->digest_capacity, sizeof *cutter->digests);
    }
    cutter->digests[cutter->digest_count++] = digest;
}

static void keep_rival(struct cutter *cutter, struct rival rival)
{
    if (cutter->rival_end == cutter->rival_capacity && cutter->rival_first > cutter->rival_capacity / 2) {
        size_t count = cutter->rival_end - cutter->rival_first;
        memmove(cutter->rivals, cutter->rivals + cutter->rival_first, count * sizeof *cutter->rivals);
        cutter->rival_first = 0;
        cutter->rival_end = count;
    }
    if (cutter->rival_end == cutter->rival_capacity) {
        cutter->rival_capacity = cutter->rival_capacity ? cutter->rival_capacity * 2 : 64;
        cutter->rivals = memory_resize(cutter->rivals, cutter->rival_capacity, sizeof *cutter->rivals);
    }
    cutter->rivals[cutter->rival_end++] = rival;
}

/* Whether all items of the window before this one are greater; of equal ones the last counts as the
 * smallest. */
static bool smallest_so_far(struct cutter *cutter, struct rival rival)
{
    while (cutter->rival_first < cutter->rival_end &&
           cutter->rivals[cutter->rival_first].begin + ITEM_CUT_WINDOW < rival.begin)
        cutter->rival_first++;
    while (
        cutter->rival_first < cutter->rival_end && cutter->rivals[cutter->rival_end - 1].hash >= rival.hash)
        cutter->rival_end--;
    bool smallest = cutter->rival_first == cutter->rival_end;
    keep_rival(cutter, rival);
    return smallest;
}

static void look_at(struct cutter *cutter, uint64_t item, uint64_t begin, uint64_t digest)
{
    if (cutter->found && cutter->candidate_begin + ITEM_CUT_WINDOW < begin)
        cut(cutter, cutter->candidate, cutter->candidate_begin, false);
    else if (begin - cutter->begin >= ITEM_CUT_MAX)
        cut(cutter, item, begin, false);
    /* A smaller one within the window comes in the place of the candidate, or it would be none. */
    if (smallest_so_far(cutter, (struct rival){mix(digest), begin}) && begin >= ITEM_CUT_WINDOW &&
        item > cutter->first) {
        cutter->found = true;
        cutter->candidate = item;
        cutter->candidate_begin = begin;
    }
    keep_digest(cutter, digest);
}

struct item_cuts item_cut(const struct item_list *list)
{
    struct cutter cutter = {.list = list};
    uint64_t begin = 0;
    for (uint64_t item = 0; item < list->count; item++) {
        look_at(&cutter, item, begin, list->digest(list->context, item));
        begin += list->size(list->context, item);
    }
    cut(&cutter, list->count, begin, true);
    free(cutter.digests);
    free(cutter.rivals);
    return cutter.cuts;
}

void item_cuts_free(struct item_cuts *cuts)
{
    free(cuts->segments);
    *cuts = (struct item_cuts){0};
}
