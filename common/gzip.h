#ifndef R3E_COMMON_GZIP_H
#define R3E_COMMON_GZIP_H
/* gzip members (RFC 1952) from libdeflate, whole or in segments.
 *
 * libdeflate compresses only what lies in memory as one piece, and always ends its stream. A large file is
 * therefore cut into segments that are compressed apart, on any thread and in any order; each becomes a run
 * of deflate blocks that ends on a byte boundary without ending the stream, so the segments concatenate to
 * one member (browsers' DecompressionStream refuses a second one). The checksums of the segments are combined
 * (zlib's crc32_combine).
 *
 * The same bytes cut the same way give the same member. Headers have no name and no time.
 *
 * Measured by tests/bench/compressors on a driver index of 109 MB, one core, CPU time and size against zlib
 * 6:
 *
 *     zlib 6                1.5 s    0.0 %        ISA-L 1    0.1 s   +23.3 %
 *     libdeflate 5, whole   0.7 s   +2.4 %        ISA-L 3    0.4 s   +18.6 %
 *     libdeflate 5, ours    0.8 s   +3.4 %        (ours: segments, with finding the last block and CRCs)
 *     libdeflate 6, ours    1.0 s   -0.2 %
 *     libdeflate 7, ours    1.5 s   -2.6 %
 *
 * Published sizes may be up to 5 % above zlib 6 (DESIGN), so 5 it is; detail files are 2.2 % larger on
 * average. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buffer.h"

#define GZIP_LEVEL         5 /* libdeflate's scale 1–12; chosen by the figures above */
#define GZIP_SEGMENT_LEVEL 6 /* of the segments that item_work makes, which are smaller */
#define GZIP_SEGMENT_BYTES ((size_t)512 * 1024)
#define GZIP_HEADER_BYTES  10u /* what gzip_append_header appends */

/* One compressor; one thread at a time. */
struct gzip_compressor;

struct gzip_compressor *gzip_compressor_open(int level);
void gzip_compressor_close(struct gzip_compressor **compressor);

/* Appends a whole member holding `length` bytes. False where `out` is too small. */
bool gzip_append_member(
    struct gzip_compressor *compressor, const void *bytes, size_t length, struct buffer *out);

/* A piece of a member. */
struct gzip_segment {
    size_t length;  /* bytes before compression */
    uint32_t crc32; /* of those bytes */
};

/* Appends `length` (> 0) bytes compressed as a segment that does not end the stream, and fills `*segment`. */
bool gzip_append_segment(struct gzip_compressor *compressor, const void *bytes, size_t length,
    struct buffer *out, struct gzip_segment *segment);

/* A member put together from segments. Order: gzip_append_header, then for each segment its bytes and
 * gzip_sum_add in order, then gzip_append_trailer. */
struct gzip_sum {
    uint64_t length;
    uint32_t crc32;
};

void gzip_append_header(struct buffer *out);
void gzip_sum_add(struct gzip_sum *sum, const struct gzip_segment *segment);
void gzip_append_trailer(const struct gzip_sum *sum, struct buffer *out);

#endif
