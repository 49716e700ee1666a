#ifndef R3E_EXPORTER_SEGMENTS_H
#define R3E_EXPORTER_SEGMENTS_H
/* Which segments the published files are made of, so that the next run copies those that did not change
 * instead of making them again.
 *
 * Kept in `export.segments` beside the store, for each file: what it was known by when it was published
 * (inventory.h), and for each of its segments what it was made from (item_cut.h), how long it is and a hash
 * of its compressed bytes. The file may be deleted at any time and is never trusted unchecked: it counts only
 * with its own checksum, its version and the program that wrote it; bytes that are copied must have their
 * hash; and a file is taken to be whole, unread, only where its inode, size and times are still the same. So
 * a table older than the files, or of another folder, costs time and nothing else. It is not synced: what a
 * power cut leaves of it fails the checksum.
 *
 * Thread-safe but for open, save and close. */
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/buffer.h"
#include "exporter/inventory.h"
#include "exporter/item_cut.h"

#define SEGMENTS_NAME "export.segments"

struct segment {
    uint8_t digest[ITEM_DIGEST_SIZE]; /* what it was made from */
    uint64_t offset;                  /* in the published file */
    uint64_t check;                   /* XXH3 of its compressed bytes */
    uint32_t packed_length, length;   /* compressed bytes, and what they decode to */
    uint32_t crc32;                   /* of what they decode to */
};

/* The segments of one file, in order. */
struct segments_file {
    const char *path;
    uint64_t mark; /* of the file, as inventory_mark says */
    struct segment *segments;
    uint32_t count;
};

/* A list of files; everything in it lies in the arena. */
struct segments_table {
    struct arena arena;
    struct segments_file *files; /* own allocation */
    uint32_t count, capacity;
};

struct segments {
    const char *store;            /* borrowed */
    struct segments_table before; /* what the last run published; by path */
    pthread_mutex_t mutex;        /* guards `now` */
    struct segments_table now;    /* what this run puts, in any order */
};

/* Takes the table in the store's folder unless `fresh`. A missing one is none; one that cannot be used
 * neither, with a warning. */
struct segments *segments_open(const char *store, bool fresh);

void segments_close(struct segments **segments);

/* What the last run published at `path`, or NULL. Valid until close. */
const struct segments_file *segments_find(const struct segments *segments, const char *path);

/* Takes note of what this run puts at `path`. Offsets and mark need not be set. */
void segments_note(struct segments *segments, const char *path, const struct segment *list, uint32_t count);

/* Writes the table: of each file in the (complete) inventory what this run noted, or else what the last one
 * did if the file is still that one. False, with a warning: the next run makes everything anew. */
bool segments_save(struct segments *segments, const struct inventory *inventory);

/* The file's bytes, for tests and fuzzing: MessagePack, and XXH64 of that as 8 big-endian bytes. Decoding
 * fails on anything that encoding does not produce, in a table that is empty and to be freed in any case. */
void segments_encode(const struct segments_table *table, struct buffer *out);
bool segments_decode(struct segments_table *table, const void *bytes, size_t length);
void segments_table_free(struct segments_table *table);

#endif
