#ifndef R3E_EXPORTER_GROUP_READER_H
#define R3E_EXPORTER_GROUP_READER_H
/* Reads the bundles of persons who share a key, for one thread. Memory: what the largest group needed. */
#include <stdbool.h>
#include <stdint.h>

#include "exporter/ledger.h"

/* A row, and which of the group's items it belongs to. */
struct group_row {
    const struct bundle_row *row;
    uint32_t member;
};

struct group_reader {
    struct ledger *ledger;
    enum roster_kind kind;
    const struct roster *roster;
    struct card *cards; /* of the group's items, in their order: `count` of them (not in the flat layout) … */
    struct bundle *bundles; /* … and where rows were asked for, theirs */
    struct buffer *bytes;
    struct ledger_window window;
    uint32_t count, capacity;
    uint32_t first; /* the group's first item */
    struct group_row *rows;
    uint32_t row_count, row_capacity;
};

/* NULL is never returned. */
struct group_reader *group_reader_open(struct ledger *ledger, enum roster_kind kind);

void group_reader_close(struct group_reader *reader);

/* Takes the cards of the group that begins at the item `first`, and with `rows` reads its rows. False: the
 * guard knows why. */
bool group_reader_read(struct group_reader *reader, uint32_t first, bool rows);

/* The group's key; in the flat layout rows must have been read. */
const struct bundle_text *group_reader_key(const struct group_reader *reader);

/* Lists rows of all members, by track id, class id, position, place, member. `best_only`: of each member one
 * for each combination, that with the smallest position. Otherwise those whose alias is the member's. */
void group_reader_list(struct group_reader *reader, bool best_only);

/* On how many combinations the group's member is. */
uint32_t group_reader_results(const struct group_reader *reader, uint32_t member);

/* A hash for the group's item in a file: of its members' digests, or of those of their cards, with `counts`
 * of how many results each has too. */
uint64_t group_reader_digest(
    const struct ledger *ledger, enum roster_kind kind, uint32_t first, bool rows, bool counts);

#endif
