/* What the gzip libraries and our own encoder make of one file, on one core: CPU time, and size against
 * zlib's level 6 of the whole, for pieces that are compressed apart and, where a compressor can, in view of
 * what stands before them. At the end, cut by content as the exporter cuts it (exporter/item_cut.h).
 *
 *     compressors FILE        for instance a driver_index.json, unpacked
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <libdeflate.h>
#include <zlib.h>
#ifdef HAVE_ISAL
#include <isa-l/igzip_lib.h>
#endif

#include "common/deflate_match.h"
#include "common/file.h"
#include "common/gzip.h"
#include "common/log.h"
#include "common/memory.h"
#include "exporter/item_cut.h"

#define INPUT_MAX ((size_t)1 << 30)
#define KB        ((size_t)1024)

struct input {
    struct buffer bytes;
    uint8_t *out; /* room for any piece */
    size_t out_size;
    double reference; /* size of zlib's level 6 */
};

struct way {
    int level;
    size_t piece, view;
};

static double cpu_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static size_t pack_zlib(const struct input *input, struct way way)
{
    size_t size = 0;
    z_stream stream = {0};
    if (deflateInit2(&stream, way.level, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        log_fatal("compressors: no memory for zlib");
    for (size_t at = 0; at < input->bytes.length; at += way.piece) {
        size_t left = input->bytes.length - at, view = at < way.view ? at : way.view;
        deflateReset(&stream);
        if (view)
            deflateSetDictionary(&stream, input->bytes.data + at - view, (uInt)view);
        stream.next_in = input->bytes.data + at;
        stream.avail_in = (uInt)(left < way.piece ? left : way.piece);
        stream.next_out = input->out;
        stream.avail_out = (uInt)input->out_size;
        deflate(&stream, Z_SYNC_FLUSH);
        size += input->out_size - stream.avail_out;
    }
    deflateEnd(&stream);
    return size;
}

static size_t pack_libdeflate(const struct input *input, struct way way)
{
    struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(way.level);
    size_t size = 0;
    for (size_t at = 0; at < input->bytes.length; at += way.piece) {
        size_t left = input->bytes.length - at;
        size += libdeflate_deflate_compress(compressor, input->bytes.data + at,
            left < way.piece ? left : way.piece, input->out, input->out_size);
    }
    libdeflate_free_compressor(compressor);
    return size;
}

static size_t pack_ours(const struct input *input, struct way way)
{
    struct gzip_compressor *compressor = gzip_compressor_open(GZIP_LEVEL);
    struct buffer out = buffer_make(input->out_size);
    struct gzip_segment segment;
    size_t size = 0;
    for (size_t at = 0; at < input->bytes.length; at += way.piece) {
        size_t left = input->bytes.length - at;
        buffer_clear(&out);
        if (!gzip_append_segment(compressor, input->bytes.data + at, at < way.view ? at : way.view,
                left < way.piece ? left : way.piece, &out, &segment))
            log_fatal("compressors: a segment does not fit");
        size += out.length;
    }
    buffer_free(&out);
    gzip_compressor_close(&compressor);
    return size;
}

#ifdef HAVE_ISAL
static size_t pack_isal(const struct input *input, struct way way)
{
    struct isal_zstream stream;
    uint8_t *levels = malloc(ISAL_DEF_LVL3_DEFAULT);
    size_t size = 0;
    for (size_t at = 0; at < input->bytes.length; at += way.piece) {
        size_t left = input->bytes.length - at, view = at < way.view ? at : way.view;
        isal_deflate_init(&stream);
        stream.level = (uint32_t)way.level;
        stream.level_buf_size = ISAL_DEF_LVL3_DEFAULT;
        stream.level_buf = levels;
        stream.flush = FULL_FLUSH;
        if (view)
            isal_deflate_set_dict(&stream, input->bytes.data + at - view, (uint32_t)view);
        stream.next_in = input->bytes.data + at;
        stream.avail_in = (uint32_t)(left < way.piece ? left : way.piece);
        stream.next_out = input->out;
        stream.avail_out = (uint32_t)input->out_size;
        if (isal_deflate(&stream) != COMP_OK)
            log_fatal("compressors: isal_deflate failed");
        size += input->out_size - stream.avail_out;
    }
    free(levels);
    return size;
}
#endif

/* ---- cut by content ---- */

struct items {
    const uint8_t *bytes;
    size_t *begin; /* of each item, and behind the last one the end */
    uint64_t count;
};

static uint32_t item_size(void *context, uint64_t item)
{
    const struct items *items = context;
    return (uint32_t)(items->begin[item + 1] - items->begin[item]);
}

static uint64_t item_digest(void *context, uint64_t item)
{
    const struct items *items = context;
    return XXH3_64bits(items->bytes + items->begin[item], item_size(context, item));
}

/* An item ends where an object does. */
static struct items items_of(const struct buffer *bytes)
{
    struct items items = {.bytes = bytes->data};
    size_t capacity = 0;
    for (size_t at = 0; at <= bytes->length; at++) {
        if (items.count + 1 >= capacity) {
            capacity = capacity ? capacity * 2 : 1024;
            items.begin = memory_resize(items.begin, capacity, sizeof *items.begin);
        }
        if (at == 0)
            items.begin[0] = 0;
        else if (at == bytes->length || memcmp(bytes->data + at - 1, "},", 2) == 0)
            items.begin[++items.count] = at;
    }
    return items;
}

static size_t pack_cut(const struct input *input, struct way way)
{
    struct items items = items_of(&input->bytes);
    const struct item_list list = {
        .context = &items, .count = items.count, .digest = item_digest, .size = item_size};
    struct item_cuts cuts = item_cut(&list);
    struct gzip_compressor *compressor = gzip_compressor_open(GZIP_LEVEL);
    struct buffer out = buffer_make(input->out_size);
    struct gzip_segment segment;
    size_t size = 0, last = 0;
    (void)way;
    for (uint32_t i = 0; i < cuts.count; i++) {
        size_t begin = items.begin[cuts.segments[i].first], end = items.begin[cuts.segments[i].end];
        buffer_clear(&out);
        gzip_append_segment(compressor, items.bytes + begin,
            begin - last < DEFLATE_WINDOW ? begin - last : DEFLATE_WINDOW, end - begin, &out, &segment);
        size += out.length;
        last = begin;
    }
    printf("(%u segments of %zu bytes on average, the one before in view)\n", cuts.count,
        input->bytes.length / cuts.count);
    buffer_free(&out);
    gzip_compressor_close(&compressor);
    item_cuts_free(&cuts);
    free(items.begin);
    return size;
}

/* ---- the table ---- */

static void show(
    struct input *input, const char *what, size_t (*pack)(const struct input *, struct way), struct way way)
{
    bool whole = way.piece > input->bytes.length;
    double started_s = cpu_s();
    size_t size = pack(input, way);
    double took_s = cpu_s() - started_s;
    if (input->reference == 0)
        input->reference = (double)size;
    printf("%-10s %d  %5zu KB, %2zu KB in view %6.2f s %11zu bytes %+6.1f %%\n", what, way.level,
        whole ? input->bytes.length / KB : way.piece / KB, way.view / KB, took_s, size,
        (double)size / input->reference * 100 - 100);
}

int main(int argc, char **argv)
{
    static const size_t pieces[] = {12 * KB, 16 * KB, 20 * KB, 24 * KB, 32 * KB, 64 * KB, 128 * KB, 512 * KB};
    struct input input = {.bytes = buffer_make(INPUT_MAX)};
    char error[FILE_ERROR_SIZE];
    if (argc != 2)
        log_fatal("usage: compressors FILE");
    if (!file_read(argv[1], &input.bytes, error))
        log_fatal("%s", error);
    input.out_size = input.bytes.length + input.bytes.length / 8 + 64 * KB;
    input.out = memory_zalloc(input.out_size, 1);
    show(&input, "zlib", pack_zlib, (struct way){6, SIZE_MAX / 2, 0});
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        for (int level = 5; level <= 8; level++)
            show(&input, "libdeflate", pack_libdeflate, (struct way){level, pieces[i], 0});
        show(&input, "zlib", pack_zlib, (struct way){6, pieces[i], 16 * KB});
#ifdef HAVE_ISAL
        show(&input, "ISA-L", pack_isal, (struct way){3, pieces[i], 0});
        show(&input, "ISA-L", pack_isal, (struct way){3, pieces[i], 32 * KB});
#endif
        show(&input, "ours", pack_ours, (struct way){0, pieces[i], 0});
        show(&input, "ours", pack_ours, (struct way){0, pieces[i], 16 * KB});
        show(&input, "ours", pack_ours, (struct way){0, pieces[i], 32 * KB});
    }
    show(&input, "ours, cut", pack_cut, (struct way){0, SIZE_MAX / 2, 0});
    free(input.out);
    buffer_free(&input.bytes);
    return 0;
}
