#ifndef R3E_COMMON_RECORD_H
#define R3E_COMMON_RECORD_H
/* The shape of the store: which databases the LMDB environment holds, their keys, and the record kept of each
 * board.
 *
 *     database   key              value
 *     boards     track, class     board record (below)
 *     rows       track, class     rows as in board.h; absent for a board without entries
 *     details    track, class     the gzip member published for the combination
 *     meta       name             see RECORD_META_*
 *
 * A key is track id and class id as two big-endian 32-bit numbers, so LMDB's byte order is the published
 * order. A board record is a MessagePack array and, behind it, XXH64 of that array's bytes as 8 big-endian
 * bytes, with the key as seed: a record under another's key is noticed. It carries the XXH64 of its rows and
 * of its detail too. A meta value is followed by a newline and XXH64 of the value, seeded with XXH64 of its
 * name, as 16 hexadecimal digits: numbers and JSON stay readable with any LMDB tool. So every byte of the
 * store that means something has a checksum. One writer, the coordinator; the exporter reads a snapshot.
 *
 * Schema 1 had no candidate_*, gone_since_ms and content_lost in a board record, no seed, and no checksum in
 * meta values. Its records are still read, and written in schema 2 when they change; the coordinator raises
 * the schema, and seals the meta values, in one transaction when it opens the store. */
#include <lmdb.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buffer.h"
#include "common/pack_reader.h"

#define RECORD_SCHEMA 2

#define RECORD_DB_BOARDS  "boards"
#define RECORD_DB_ROWS    "rows"
#define RECORD_DB_DETAILS "details"
#define RECORD_DB_META    "meta"
#define RECORD_DB_COUNT   4

/* Names in `meta`. Numbers are decimal text: rare, and readable with any LMDB tool. */
#define RECORD_META_SCHEMA     "schema" /* RECORD_SCHEMA */
#define RECORD_META_ID         "id"     /* 32 hexadecimal digits, random, made with the store */
#define RECORD_META_EPOCH      "epoch"  /* starts of the coordinator on this store; high half of lease ids */
#define RECORD_META_GENERATION "generation" /* the last commit's */
#define RECORD_META_CATALOGUE  "catalogue"  /* catalogue_encode's form of the one in force */
#define RECORD_META_EXPORT     "export"     /* JSON: the exporter's last report */
#define RECORD_META_CRAWL      "crawl"      /* JSON: times of the last full refresh */
#define RECORD_META_POLITENESS "politeness" /* JSON: rate, gate, breaker, robots.txt */
#define RECORD_META_CLAIMS     "claims"     /* JSON: the boards handed out, see coordinator/claims.h */
#define RECORD_META_TARGETS    "targets"    /* JSON: refreshes asked for, see coordinator/target_list.h */
#define RECORD_META_PAUSE      "pause"      /* JSON: an operator's pause, see coordinator/pause.h */

#define RECORD_KEY_SIZE 8

struct record_key {
    uint8_t bytes[RECORD_KEY_SIZE];
};

struct record_key record_key_make(uint32_t track_id, uint32_t class_id);

/* False if `value` is not of a key's size. */
bool record_key_read(const MDB_val *value, uint32_t *track_id, uint32_t *class_id);

#define RECORD_HASH_SIZE 16
#define RECORD_TEXT_MAX  255

struct record_board {
    int64_t fetched_at_ms; /* wall clock of the last valid answer */
    int64_t
        changed_at_ms;   /* wall clock of the last change of content; the detail says when that fetch began */
    uint64_t generation; /* commit in which content last changed */
    uint64_t lease;      /* id of the lease whose result was last applied */
    uint32_t entry_count;
    uint32_t rows_length;                   /* bytes in `rows` */
    uint32_t detail_length;                 /* bytes in `details` */
    uint8_t content_hash[RECORD_HASH_SIZE]; /* XXH3-128 that the worker made of the content */
    uint64_t rows_checksum;                 /* XXH64 of the value in `rows`; 0 if absent */
    uint64_t detail_checksum;               /* XXH64 of the value in `details` */
    uint32_t failure_streak;                /* failed fetches since the last valid one */
    uint32_t empty_streak;                  /* separate empty or shrunken answers since, not yet believed */
    uint32_t worker_deaths;       /* workers that died while they held it, since the last valid answer */
    int64_t quarantined_until_ms; /* wall clock; 0: not quarantined */
    uint64_t checks;              /* valid answers, halved together with the next two when they reach 2^20 */
    uint64_t rows_changed;        /* rows that differed, summed over the checks */
    uint64_t watched_s;           /* seconds between first and last check */
    char etag[RECORD_TEXT_MAX + 1]; /* HTTP validators of the last answer; may be empty */
    char last_modified[RECORD_TEXT_MAX + 1];
    /* The last answer that was kept aside because the board would shrink (accept.h); all 0: none. */
    uint32_t candidate_entries;
    uint8_t candidate_hash[RECORD_HASH_SIZE];
    int64_t candidate_since_ms; /* wall clock of the first of `empty_streak` answers that agree */
    int64_t candidate_last_ms;  /* … and of the last */
    int64_t gone_since_ms;      /* wall clock since when the service says 404 or 410; 0: it does not */
    bool content_lost;          /* rows or detail were found broken: to be fetched whatever its age */
};

/* Appends the encoded record with its checksum. */
void record_board_encode(const struct record_key *key, const struct record_board *record, struct buffer *out);

/* False: too short, checksum wrong, of another key, or a value out of range; `*record` is zeroed then. Reads
 * schema 1 and 2. */
bool record_board_decode(
    const struct record_key *key, const void *bytes, size_t length, struct record_board *record);

/* False for a board that was never fetched with success: its record keeps only what its failures and the
 * deaths of its workers left, the store has neither rows nor detail of it. */
bool record_board_is_fetched(const struct record_board *record);

/* Appends a meta value with its checksum. */
void record_meta_encode(const char *name, const void *bytes, size_t length, struct buffer *out);

/* Finds the value in what a store of that schema has under `name`; `*value` points into `bytes`. False:
 * checksum wrong. */
bool record_meta_decode(
    unsigned schema, const char *name, const void *bytes, size_t length, struct text *value);

/* The schema that a store's value of RECORD_META_SCHEMA says; 0: it is broken. */
unsigned record_meta_schema(const void *bytes, size_t length);

/* For LMDB, which takes bytes that it will not change through pointers that are not const. */
MDB_val record_value(const void *bytes, size_t length);

/* XXH64 with seed 0, of rows and details. */
uint64_t record_checksum(const void *bytes, size_t length);

#endif
