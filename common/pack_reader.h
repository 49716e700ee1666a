#ifndef R3E_COMMON_PACK_READER_H
#define R3E_COMMON_PACK_READER_H
/* Reads the part of MessagePack that our rows and records use: unsigned integers, strings, binary strings,
 * arrays.
 *
 * Writing goes through msgpack-c. Reading does not: its unpacker allocates by the counts that the data
 * announces before it has seen the data (a "bomb" of five bytes costs gigabytes), and builds a tree where we
 * need each value once. This reader allocates nothing and points into the bytes given to it. Encoding:
 * https://github.com/msgpack/msgpack/blob/master/spec.md
 *
 * Errors are sticky: after the first, every read returns zero or empty and `failed` stays set; ask once at
 * the end. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes inside somebody else's memory; not zero-terminated. `data` may be NULL if `length` is 0. */
struct text {
    const char *data;
    uint32_t length;
};

struct pack_reader {
    const uint8_t *next;
    const uint8_t *end;
    bool failed;
};

/* `bytes` must outlive the reader and every text read from it. */
struct pack_reader pack_reader_make(const void *bytes, size_t length);

/* Fails on a value above `max`, a negative or another type. */
uint64_t pack_read_uint(struct pack_reader *reader, uint64_t max);

/* Fails on more than `max_length` bytes. Does not check UTF-8. */
struct text pack_read_text(struct pack_reader *reader, uint32_t max_length);

/* Binary of exactly `length` bytes, copied to `out`; zeroes on failure. */
void pack_read_bin(struct pack_reader *reader, void *out, uint32_t length);

/* The number of elements that follow. Fails on more than `max_count`, or on more than there are bytes left.
 */
uint32_t pack_read_array(struct pack_reader *reader, uint32_t max_count);

/* True if nothing failed and every byte was read. */
bool pack_reader_finished(const struct pack_reader *reader);

#endif
