#ifndef R3E_COMMON_GZIP_H
#define R3E_COMMON_GZIP_H
/* gzip members (RFC 1952), whole or in segments.
 *
 * Small files are whole members, of what lies in memory as one piece. Large files are made of segments
 * that are compressed apart, on any thread and in any order; each is a run of deflate blocks that ends on a
 * byte boundary without ending the stream, so the segments concatenate to one member (browsers'
 * DecompressionStream refuses a second one). The checksums of the segments are combined (zlib's
 * crc32_combine).
 *
 * Segments are to be small, so that few bytes are made anew where little changed. A small segment can only be
 * compressed well if it may refer to what stands before it, which neither libdeflate nor ISA-L's higher
 * levels allow in time or size, and zlib is slow. So segments come from an encoder of our own
 * (deflate_match.h, deflate_block.h, huffman.h), and whole members too: of 14,671 details it makes 1 % less
 * than libdeflate 5 in 0.9 of the time, and a worker does not have another 600 KB of tables. CPU time and
 * size against zlib 6 of the whole, for 40 MB of a driver index, one core (tests/bench/compressors; zlib 6
 * takes 0.51 s):
 *
 *     segments of            24 KB            64 KB           128 KB          512 KB
 *     libdeflate 5      0.22  +20.6 %    0.23  +10.0 %    0.23   +6.2 %   0.23   +3.3 %
 *     libdeflate 6      0.30  +17.3 %    0.31   +6.5 %    0.31   +2.7 %   0.32   -0.3 %
 *     libdeflate 8      0.73  +14.8 %    1.03   +2.7 %    1.13   -1.6 %   1.20   -4.8 %
 *     ISA-L 3           0.14  +34.2 %    0.13  +25.2 %
 *     with 16 KB before them:
 *     zlib 6            0.49   +3.6 %    0.53   +1.3 %
 *     ISA-L 3 (32 KB)   0.21  +20.3 %    0.16  +19.3 %
 *     ours              0.22   +2.9 %
 *
 * The same bytes cut the same way give the same member. Headers have no name and no time. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buffer.h"

#define GZIP_SEGMENT_BYTES ((size_t)512 * 1024) /* for a stream: more makes little difference */
#define GZIP_HEADER_BYTES  10u                  /* what gzip_append_header appends */

/* One compressor; one thread at a time. */
struct gzip_compressor;

struct gzip_compressor *gzip_compressor_open(void);
void gzip_compressor_close(struct gzip_compressor **compressor);

/* Appends a whole member holding `length` bytes. `out` has to have room for as many and some; where it has
 * not it is as it was, and false is returned. */
bool gzip_append_member(
    struct gzip_compressor *compressor, const void *bytes, size_t length, struct buffer *out);

/* A piece of a member. */
struct gzip_segment {
    size_t length;  /* bytes before compression */
    uint32_t crc32; /* of those bytes */
};

/* Appends `length` bytes compressed as a segment that does not end the stream, and fills `*segment`. `before`
 * bytes that lie directly before `bytes` are what the member holds before them, or the last of that; up to 32
 * KB of them are of use. `follows`: they are the last of what this compressor was last given, with what was
 * before that; it is quicker then. What is appended depends on these bytes alone. False: `out` is too small,
 * and as it was. */
bool gzip_append_segment(struct gzip_compressor *compressor, const uint8_t *bytes, size_t before,
    size_t length, bool follows, struct buffer *out, struct gzip_segment *segment);

/* A member put together from segments. Order: gzip_append_header, then for each segment its bytes and
 * gzip_sum_add in order, then gzip_append_trailer (room for some 32 bytes). */
struct gzip_sum {
    uint64_t length;
    uint32_t crc32;
};

void gzip_append_header(struct buffer *out);
void gzip_sum_add(struct gzip_sum *sum, const struct gzip_segment *segment);
void gzip_append_trailer(const struct gzip_sum *sum, struct buffer *out);

#endif
