#ifndef R3E_WORKER_NORMALISE_H
#define R3E_WORKER_NORMALISE_H
/* From an entry of the listing, in which every field may be missing or of another type, to the columns of a
 * board. */
#include <stdbool.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "common/arena.h"
#include "common/board.h"

struct normal_entry {
    uint32_t position; /* one-based */
    uint64_t time_diff_us;
    struct text name, path, path_id, avatar, laptime, date_time;
    struct text shared[BOARD_COLUMNS];
};

/* Fills `*out`; its texts are valid UTF-8 of at most BOARD_TEXT_MAX bytes and point into the tree or into
 * `arena`. `running` is the one-based place in the answer, which counts where the entry says none. False if
 * the arena is full. */
bool normalise_entry(const cJSON *entry, uint32_t running, struct arena *arena, struct normal_entry *out);

#endif
