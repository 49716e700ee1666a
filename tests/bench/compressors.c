/* What the gzip libraries and our own encoder make of one file, on one core: CPU time, and size against
 * zlib's level 6 of the whole, for pieces that are compressed apart and, where a compressor can, in view of
 * what stands before them. At the end, cut by content as the exporter cuts it (exporter/item_cut.h).
 *
 *     compressors FILE                        for instance a driver_index.json, unpacked
 *     compressors --alone THREADS FILE...     only our own, cut by content, on several threads: seconds and
 * bytes
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

#include "common/clock.h"
#include "common/deflate_match.h"
#include "common/file.h"
#include "common/gzip.h"
#include "common/log.h"
#include "common/memory.h"
#include "exporter/item_cut.h"
#include "exporter/threads.h"

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
    struct gzip_compressor *compressor = gzip_compressor_open();
    struct buffer out = buffer_make(input->out_size);
    struct gzip_segment segment;
    size_t size = 0;
    for (size_t at = 0; at < input->bytes.length; at += way.piece) {
        size_t left = input->bytes.length - at;
        buffer_clear(&out);
        if (!gzip_append_segment(compressor, input->bytes.data + at, at < way.view ? at : way.view,
                left < way.piece ? left : way.piece, false, &out, &segment))
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

static size_t pack_segments(const struct items *items, const struct item_cuts *cuts, uint32_t first,
    uint32_t end, struct gzip_compressor *compressor, struct buffer *out)
{
    struct gzip_segment segment;
    size_t size = 0;
    for (uint32_t i = first; i < end; i++) {
        size_t begin = items->begin[cuts->segments[i].first], after = items->begin[cuts->segments[i].end];
        size_t view = i ? begin - items->begin[cuts->segments[i - 1].first] : 0;
        buffer_clear(out);
        if (!gzip_append_segment(compressor, items->bytes + begin,
                view < DEFLATE_WINDOW ? view : DEFLATE_WINDOW, after - begin, i > first, out, &segment))
            log_fatal("compressors: a segment does not fit");
        size += out->length;
    }
    return size;
}

static struct item_cuts cut(struct items *items)
{
    const struct item_list list = {
        .context = items, .count = items->count, .digest = item_digest, .size = item_size};
    return item_cut(&list);
}

static size_t pack_cut(const struct input *input, struct way way)
{
    struct items items = items_of(&input->bytes);
    struct item_cuts cuts = cut(&items);
    struct gzip_compressor *compressor = gzip_compressor_open();
    struct buffer out = buffer_make(input->out_size);
    (void)way;
    size_t size = pack_segments(&items, &cuts, 0, cuts.count, compressor, &out);
    printf("(%u segments of %zu bytes on average, the one before in view)\n", cuts.count,
        input->bytes.length / cuts.count);
    buffer_free(&out);
    gzip_compressor_close(&compressor);
    item_cuts_free(&cuts);
    free(items.begin);
    return size;
}

/* ---- alone ---- */

#define TAKE_SEGMENTS 64u

struct file {
    struct buffer bytes;
    struct items items;
    struct item_cuts cuts;
};

struct alone {
    struct file *files;
    uint32_t count;
    pthread_mutex_t mutex;  /* guards all below */
    uint32_t file, segment; /* to be taken */
    size_t size;
};

static void *pack_alone(void *context)
{
    struct alone *alone = context;
    struct gzip_compressor *compressor = gzip_compressor_open();
    struct buffer out = buffer_make(INPUT_MAX);
    pthread_mutex_lock(&alone->mutex);
    while (alone->file < alone->count) {
        struct file *file = &alone->files[alone->file];
        uint32_t first = alone->segment, left = file->cuts.count - first;
        uint32_t end = first + (left < TAKE_SEGMENTS ? left : TAKE_SEGMENTS);
        alone->segment = end < file->cuts.count ? end : 0;
        alone->file += end == file->cuts.count;
        pthread_mutex_unlock(&alone->mutex);
        size_t size = pack_segments(&file->items, &file->cuts, first, end, compressor, &out);
        pthread_mutex_lock(&alone->mutex);
        alone->size += size;
    }
    pthread_mutex_unlock(&alone->mutex);
    buffer_free(&out);
    gzip_compressor_close(&compressor);
    return NULL;
}

static double wall_s(void)
{
    return (double)clock_monotonic_us() / 1e6;
}

/* Reading and cutting are not part of the time. */
static void run_alone(unsigned threads, char *const *names, uint32_t count)
{
    struct alone alone = {.files = memory_zalloc(count, sizeof *alone.files), .count = count};
    char error[FILE_ERROR_SIZE];
    for (uint32_t i = 0; i < count; i++) {
        struct file *file = &alone.files[i];
        file->bytes = buffer_make(INPUT_MAX);
        if (!file_read(names[i], &file->bytes, error))
            log_fatal("%s", error);
        file->items = items_of(&file->bytes);
        file->cuts = cut(&file->items);
    }
    pthread_mutex_init(&alone.mutex, NULL);
    double started_s = wall_s();
    struct threads team = threads_start(threads, pack_alone, &alone);
    threads_join(&team);
    printf("%.3f %zu\n", wall_s() - started_s, alone.size);
    pthread_mutex_destroy(&alone.mutex);
    for (uint32_t i = 0; i < count; i++) {
        buffer_free(&alone.files[i].bytes);
        free(alone.files[i].items.begin);
        item_cuts_free(&alone.files[i].cuts);
    }
    free(alone.files);
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
    if (argc > 3 && strcmp(argv[1], "--alone") == 0) {
        unsigned long threads = strtoul(argv[2], NULL, 10);
        run_alone(
            threads >= 1 && threads < THREADS_MAX ? (unsigned)threads : 1, argv + 3, (uint32_t)argc - 3);
        return 0;
    }
    if (argc != 2)
        log_fatal("usage: compressors FILE, or compressors --alone THREADS FILE...");
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
