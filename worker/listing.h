#ifndef R3E_WORKER_LISTING_H
#define R3E_WORKER_LISTING_H
/* One page of the service's answer: `context.c.results` is a list of objects, one per entry of the board. */
#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/buffer.h"
#include "common/protocol.h"
#include "worker/json_arena.h"

struct listing {
    const cJSON **entries; /* those that are objects; in the arena, as everything they lead to */
    uint32_t count;
    uint32_t rejected; /* elements that were something else */
};

/* Parses a page. `body` is mended in place (json_mend). FAILURE_NONE, or why it is not a listing, in words in
 * `problem`: NOT_JSON, TRUNCATED, NOT_A_LISTING, MEMORY (its tree would pass the arena's limit). */
enum failure listing_parse(struct listing *listing, struct arena *arena, struct buffer *body,
    char problem[static PROTOCOL_TEXT_SIZE]);

/* True if the entries name a track, a class, and not one of them names this one: the answer is another
 * board's. `*problem` then says what was expected and found. A track is compared by name, letters' case and
 * everything but letters and digits left out, because the service and the game's data differ there; a class
 * by its id. */
bool listing_is_of_another(const struct listing *listing, const char *track_name, uint64_t class_id,
    char problem[static PROTOCOL_TEXT_SIZE]);

/* True if there are entries and not one has a driver's name, a driver's path or a lap time: every field is of
 * another type than it should be. */
bool listing_is_unusable(const struct listing *listing);

#endif
