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
 * bytes; it carries the XXH64 of its rows and of its detail too. One writer, the coordinator; the exporter
 * reads a snapshot. */
#include <lmdb.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buffer.h"

#define RECORD_SCHEMA 1

#define RECORD_DB_BOARDS  "boards"
#define RECORD_DB_ROWS    "rows"
#define RECORD_DB_DETAILS "details"
#define RECORD_DB_META    "meta"
#define RECORD_DB_COUNT   4

/* Names in `meta`. Numbers are decimal text: rare, and readable with any LMDB tool. */
#define RECORD_META_SCHEMA     "schema" /* RECORD_SCHEMA */
#define RECORD_META_EPOCH      "epoch"  /* starts of the coordinator on this store; high half of lease ids */
#define RECORD_META_GENERATION "generation" /* the last commit's */
#define RECORD_META_CATALOGUE  "catalogue"  /* catalogue_encode's form of the one in force */
#define RECORD_META_EXPORT     "export"     /* JSON: the exporter's last report */
#define RECORD_META_CRAWL      "crawl"      /* JSON: times of the last full refresh */
#define RECORD_META_POLITENESS "politeness" /* JSON: rate, gate, breaker, robots.txt */

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
};

/* Appends the encoded record with its checksum. */
void record_board_encode(const struct record_board *record, struct buffer *out);

/* False: too short, checksum wrong, or a value out of range; `*record` is zeroed then. */
bool record_board_decode(const void *bytes, size_t length, struct record_board *record);

/* XXH64 with seed 0, as used throughout. */
uint64_t record_checksum(const void *bytes, size_t length);

#endif
