#ifndef R3E_EXPORTER_ROSTER_H
#define R3E_EXPORTER_ROSTER_H
/* Lists of persons in the order of a key, one for each kind of index file: those who share a key stand
 * together, in the order of persons. The keys themselves are on the persons' cards, or in their
 * bundles; an item has the first
 * eight bytes, which decide nearly every comparison, and whether it shares its key with the item before.
 *
 * A list is made of drafts, which do have their keys, and of an older list whose persons have since got other
 * numbers or have gone. */
#include <stdbool.h>
#include <stdint.h>

#include "common/pack_reader.h"
#include "exporter/card.h"

/* Which keys: name, what it is. */
#define ROSTERS(X)                                                                                           \
    X(FLAT)   /* lower-cased names of rows; `which` is the alias */                                          \
    X(KEYS)   /* of the sharded layout; `which` is CARD_KEY or CARD_SECOND_KEY */                            \
    X(MIRROR) /* what can be searched for; `which` is CARD_SHOWN, CARD_KEY or CARD_SECOND_KEY */             \
    X(TEAMS)  /* teams that count; `which` is CARD_OWN_TEAM */

enum roster_kind {
#define X(name) ROSTER_##name,
    ROSTERS(X)
#undef X
        ROSTER_KINDS
};

struct roster_item {
    uint64_t prefix;
    uint32_t person; /* place in the order of persons */
    uint32_t mark;   /* `which` × 2 + (1: the key is that of the item before) */
};

struct roster {
    struct roster_item *items; /* owned */
    uint32_t count;
};

static inline uint32_t roster_which(const struct roster_item *item)
{
    return item->mark >> 1;
}

static inline bool roster_is_first(const struct roster_item *item)
{
    return !(item->mark & 1);
}

struct roster_draft {
    uint64_t prefix;
    const struct roster_text *key; /* borrowed */
    uint32_t person;
    uint32_t which;
};

struct roster_text {
    uint32_t length;
    char bytes[];
};

/* By key, then person, then `which`. */
void roster_sort(struct roster_draft *drafts, uint32_t count);

/* How an older list has to be read. */
struct roster_past {
    const struct roster *roster;    /* NULL: there is none */
    const uint32_t *new_person;     /* by old place: the new one, or STRING_NONE: not to be taken over */
    const uint32_t *first_not_less; /* by new place, for the drafts' persons: the first old place that does
                                     * not come before them */
    /* The key of an item of `roster`, valid until the next call but one. False: stop. */
    bool (*key)(void *context, const struct roster_item *item, struct text *key);
    void *context;
};

/* Makes the list of sorted drafts and what is taken over from the past. False: `past->key` said so. */
bool roster_merge(
    struct roster *roster, const struct roster_draft *drafts, uint32_t count, const struct roster_past *past);

void roster_free(struct roster *roster);

/* Runs of items that share a key, by their first items. */
struct roster_groups {
    uint32_t *starts; /* owned */
    uint32_t count;
};

/* Adds the runs that begin among the items from `from` to before `to`. */
void roster_groups_add(struct roster_groups *groups, const struct roster *roster, uint32_t from, uint32_t to);

/* The item behind the run's last one. */
uint32_t roster_group_end(const struct roster *roster, uint32_t start);

void roster_groups_free(struct roster_groups *groups);

/* The number of items whose key begins with a byte less than this. */
uint32_t roster_count_below(const struct roster *roster, unsigned first_byte);

/* How many items have keys below all that begin with these two bytes. */
uint32_t roster_count_below_two(const struct roster *roster, unsigned first_byte, unsigned second_byte);

#endif
