/* What the gzip libraries make of one file, on one core, and what it costs to make a member of segments
 * (common/gzip.h):
 *
 *     compressors FILE        for instance a driver_index.json, unpacked
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <libdeflate.h>
#include <zlib.h>
#ifdef HAVE_ISAL
#include <isa-l/igzip_lib.h>
#endif

#include "common/file.h"
#include "common/gzip.h"
#include "common/log.h"

#define INPUT_MAX ((size_t)1 << 30)

struct input {
    struct buffer bytes;
    double reference; /* size of zlib's level 6 */
};

static double cpu_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void show(struct input *input, const char *what, int level, double started_s, size_t size)
{
    if (input->reference == 0)
        input->reference = (double)size;
    printf("%-22s %2d  %6.2f s  %10zu bytes  %6.2f %%\n", what, level, cpu_s() - started_s, size,
        (double)size / input->reference * 100 - 100);
}

static size_t pack_zlib(const struct buffer *input, int level)
{
    uint8_t out[65536];
    z_stream stream = {.next_in = input->data, .avail_in = (uInt)input->length};
    if (deflateInit2(&stream, level, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        log_fatal("compressors: no memory for zlib");
    int code;
    do {
        stream.next_out = out;
        stream.avail_out = sizeof out;
        code = deflate(&stream, Z_FINISH);
    } while (code == Z_OK);
    size_t size = stream.total_out;
    deflateEnd(&stream);
    return size;
}

static size_t pack_libdeflate(const struct buffer *input, int level, size_t piece)
{
    struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(level);
    size_t bound = libdeflate_gzip_compress_bound(compressor, piece), size = 0;
    uint8_t *out = malloc(bound);
    for (size_t at = 0; out && at < input->length; at += piece) {
        size_t length = input->length - at < piece ? input->length - at : piece;
        size += libdeflate_gzip_compress(compressor, input->data + at, length, out, bound);
    }
    free(out);
    libdeflate_free_compressor(compressor);
    return size;
}

static size_t pack_segments(const struct buffer *input, int level)
{
    struct gzip_compressor *compressor = gzip_compressor_open(level);
    struct buffer out = buffer_make(2 * GZIP_SEGMENT_BYTES);
    struct gzip_segment segment;
    size_t size = 0;
    for (size_t at = 0; at < input->length; at += GZIP_SEGMENT_BYTES) {
        size_t length = input->length - at < GZIP_SEGMENT_BYTES ? input->length - at : GZIP_SEGMENT_BYTES;
        buffer_clear(&out);
        if (!gzip_append_segment(compressor, input->data + at, length, &out, &segment))
            log_fatal("compressors: a segment does not fit");
        size += out.length;
    }
    buffer_free(&out);
    gzip_compressor_close(&compressor);
    return size;
}

#ifdef HAVE_ISAL
static size_t pack_isal(const struct buffer *input, int level)
{
    static uint8_t out[65536];
    struct isal_zstream stream;
    isal_deflate_init(&stream);
    stream.level = (uint32_t)level;
    stream.level_buf_size = ISAL_DEF_LVL3_DEFAULT;
    stream.level_buf = malloc(stream.level_buf_size);
    stream.gzip_flag = IGZIP_GZIP;
    stream.end_of_stream = 1;
    stream.next_in = input->data;
    stream.avail_in = (uint32_t)input->length;
    do {
        stream.next_out = out;
        stream.avail_out = sizeof out;
        if (isal_deflate(&stream) != COMP_OK)
            log_fatal("compressors: isal_deflate failed");
    } while (stream.internal_state.state != ZSTATE_END);
    free(stream.level_buf);
    return stream.total_out;
}
#endif

int main(int argc, char **argv)
{
    struct input input = {.bytes = buffer_make(INPUT_MAX)};
    char error[FILE_ERROR_SIZE];
    if (argc != 2)
        log_fatal("usage: compressors FILE");
    if (!file_read(argv[1], &input.bytes, error))
        log_fatal("%s", error);
    printf("%zu bytes; size against zlib 6\n", input.bytes.length);
    double started_s = cpu_s();
    show(&input, "zlib", 6, started_s, pack_zlib(&input.bytes, 6));
    for (int level = 4; level <= 8; level++) {
        started_s = cpu_s();
        show(&input, "libdeflate, whole", level, started_s,
            pack_libdeflate(&input.bytes, level, input.bytes.length));
        started_s = cpu_s();
        show(&input, "libdeflate, pieces", level, started_s,
            pack_libdeflate(&input.bytes, level, GZIP_SEGMENT_BYTES));
        started_s = cpu_s();
        show(&input, "our segments", level, started_s, pack_segments(&input.bytes, level));
    }
#ifdef HAVE_ISAL
    for (int level = 1; level <= 3; level++) {
        started_s = cpu_s();
        show(&input, "ISA-L", level, started_s, pack_isal(&input.bytes, level));
    }
#endif
    buffer_free(&input.bytes);
    return 0;
}
