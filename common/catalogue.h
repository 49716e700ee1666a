#ifndef R3E_COMMON_CATALOGUE_H
#define R3E_COMMON_CATALOGUE_H
/* The catalogue: what there is to crawl. Tracks (a leaderboard's track is a layout), classes, and the
 * superclasses that statistics group classes by.
 *
 *     tracks = ( { id = 1671; name = "Monza Circuit - Grand Prix"; }, … );
 *     classes = ( { id = 1703; name = "GTR 3"; }, … );
 *     superclasses = ( { name = "GT3"; classes = [ 1703, 2922 ]; }, … );
 *
 * However it was made, a catalogue is valid: ids positive, below 2^31, unique and ascending; names of 1 to
 * CATALOGUE_NAME_MAX bytes of UTF-8 without control characters; superclasses ascending by name (bytes) with
 * unique names, their class ids ascending and unique. A superclass may name a class that the catalogue does
 * not have. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/buffer.h"
#include "common/config_problems.h"

#define CATALOGUE_FILE_MAX         ((size_t)8 * 1024 * 1024) /* bytes */
#define CATALOGUE_ENCODED_MAX      ((size_t)4 * 1024 * 1024) /* bytes of catalogue_encode's form */
#define CATALOGUE_ITEMS_MAX        5000u                     /* tracks; classes */
#define CATALOGUE_SUPERCLASSES_MAX 500u
#define CATALOGUE_MEMBERS_MAX      5000u /* class ids of all superclasses together */
#define CATALOGUE_NAME_MAX         200u  /* bytes */
#define CATALOGUE_ID_MAX           ((uint32_t)INT32_MAX)

struct catalogue_item {
    uint32_t id;
    const char *name;
};

struct catalogue_items {
    struct catalogue_item *items;
    uint32_t count, capacity;
};

struct catalogue_superclass {
    const char *name;
    uint32_t *class_ids;
    uint32_t class_count, class_capacity;
};

struct catalogue {
    struct arena arena; /* names */
    struct catalogue_items tracks;
    struct catalogue_items classes;
    struct catalogue_superclass *superclasses;
    uint32_t superclass_count, superclass_capacity;
    uint32_t member_count; /* class ids of all superclasses */
};

/* An empty catalogue. Release with catalogue_free. */
struct catalogue catalogue_make(void);

void catalogue_free(struct catalogue *catalogue);

/* Adds one item, superclass, or class of the superclass at place `superclass`. Names need not be terminated
 * and are copied. NULL if done, else a constant string that says what is wrong with it ("is longer than …");
 * the catalogue is then unchanged. `*place` receives the new superclass's place, which further superclasses
 * can move. */
const char *catalogue_add_item(
    struct catalogue *catalogue, struct catalogue_items *items, int64_t id, const char *name, size_t length);
const char *catalogue_add_superclass(
    struct catalogue *catalogue, const char *name, size_t length, uint32_t *place);
const char *catalogue_add_member(struct catalogue *catalogue, uint32_t superclass, int64_t class_id);

/* The item with this id, or NULL. Binary search. */
const struct catalogue_item *catalogue_find_track(const struct catalogue *catalogue, uint32_t id);
const struct catalogue_item *catalogue_find_class(const struct catalogue *catalogue, uint32_t id);

/* Reads a catalogue file, which must have at least one track and one class. False: all that is wrong was
 * added to `problems`. Release `*catalogue` in both cases. */
bool catalogue_load(struct catalogue *catalogue, const char *path, struct config_problems *problems);

/* Appends the catalogue as a file of that form. The same catalogue gives the same bytes. */
void catalogue_write(const struct catalogue *catalogue, struct buffer *out);

/* Appends the compact form kept in the store, MessagePack:
 *     [ 1, [ id, name, … ], [ id, name, … ], [ name, [ class id, … ], … ] ]
 * (format, tracks, classes, superclasses). */
void catalogue_encode(const struct catalogue *catalogue, struct buffer *out);

/* The reverse, for bytes that may be broken. False: `*problem` is a constant string that says what is wrong.
 * Release `*catalogue` in both cases. */
bool catalogue_decode(const void *bytes, size_t length, struct catalogue *catalogue, const char **problem);

#endif
