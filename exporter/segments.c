#include "exporter/segments.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "common/gzip.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/pack_writer.h"
#include "exporter/program.h"
#include "exporter/sealed_file.h"

#define VERSION       1u
#define PARTS         (2u + PROGRAM_NUMBERS) /* version, program, files */
#define FILE_PARTS    3u
#define SEGMENT_PARTS 5u
#define BYTES_MAX     ((size_t)256 * 1024 * 1024)
#define FILES_MAX     1000000u
#define SEGMENTS_MAX  16000000u

/* ---- tables ---- */

void segments_table_free(struct segments_table *table)
{
    arena_free(&table->arena);
    free(table->files);
    *table = (struct segments_table){.arena = arena_make(SIZE_MAX)};
}

static void *allocate(struct segments_table *table, size_t size)
{
    void *memory = arena_alloc(&table->arena, size);
    if (!memory)
        log_fatal("out of memory for the segments of %u files; raise the memory limit", table->count);
    return memory;
}

/* A file with room for `count` segments. */
static struct segments_file *add_file(struct segments_table *table, const char *path, uint32_t count)
{
    size_t length = strlen(path);
    if (table->count == table->capacity) {
        table->capacity = table->capacity ? table->capacity * 2 : 64;
        table->files = memory_resize(table->files, table->capacity, sizeof *table->files);
    }
    char *copy = allocate(table, length + 1);
    memcpy(copy, path, length + 1);
    struct segment *segments = allocate(table, (size_t)count * sizeof *segments + 1);
    struct segments_file *file = &table->files[table->count++];
    *file = (struct segments_file){.path = copy, .segments = segments, .count = count};
    return file;
}

static void set_offsets(struct segments_file *file)
{
    uint64_t at = GZIP_HEADER_BYTES;
    for (uint32_t i = 0; i < file->count; i++) {
        file->segments[i].offset = at;
        at += file->segments[i].packed_length;
    }
}

static int compare_files(const void *left, const void *right)
{
    return strcmp(((const struct segments_file *)left)->path, ((const struct segments_file *)right)->path);
}

static void sort(struct segments_table *table)
{
    if (table->count)
        qsort(table->files, table->count, sizeof *table->files, compare_files);
}

static const struct segments_file *find(const struct segments_table *table, const char *path)
{
    const struct segments_file key = {.path = path};
    return table->count ? bsearch(&key, table->files, table->count, sizeof key, compare_files) : NULL;
}

/* ---- bytes ---- */

static void write_file(const struct segments_file *file, msgpack_packer *packer)
{
    pack_write_text(packer, (struct text){file->path, (uint32_t)strlen(file->path)});
    pack_write_uint(packer, file->mark);
    pack_write_array(packer, file->count * SEGMENT_PARTS);
    for (uint32_t i = 0; i < file->count; i++) {
        const struct segment *segment = &file->segments[i];
        pack_write_bin(packer, segment->digest, ITEM_DIGEST_SIZE);
        pack_write_uint(packer, segment->check);
        pack_write_uint(packer, segment->packed_length);
        pack_write_uint(packer, segment->length);
        pack_write_uint(packer, segment->crc32);
    }
}

void segments_encode(const struct segments_table *table, struct buffer *out)
{
    uint64_t program[PROGRAM_NUMBERS];
    size_t start = out->length;
    msgpack_packer packer = pack_writer_make(out);
    program_identify(program);
    pack_write_array(&packer, PARTS);
    pack_write_uint(&packer, VERSION);
    for (int i = 0; i < PROGRAM_NUMBERS; i++)
        pack_write_uint(&packer, program[i]);
    pack_write_array(&packer, table->count * FILE_PARTS);
    for (uint32_t i = 0; i < table->count; i++)
        write_file(&table->files[i], &packer);
    sealed_file_seal(out, start);
}

static void read_segment(struct segment *segment, struct pack_reader *pack)
{
    pack_read_bin(pack, segment->digest, ITEM_DIGEST_SIZE);
    segment->check = pack_read_uint(pack, UINT64_MAX);
    segment->packed_length = (uint32_t)pack_read_uint(pack, INT32_MAX);
    segment->length = (uint32_t)pack_read_uint(pack, UINT32_MAX);
    segment->crc32 = (uint32_t)pack_read_uint(pack, UINT32_MAX);
}

/* `last` is the path of the file before, which must be smaller. */
static void read_file(struct segments_table *table, const char *last, struct pack_reader *pack)
{
    char path[PATH_MAX];
    struct text text = pack_read_text(pack, PATH_MAX - 1);
    uint64_t mark = pack_read_uint(pack, UINT64_MAX);
    uint32_t count = pack_read_array(pack, SEGMENTS_MAX * SEGMENT_PARTS);
    if (pack->failed || !text.length || memchr(text.data, 0, text.length) || count == 0 ||
        count % SEGMENT_PARTS) {
        pack->failed = true;
        return;
    }
    memcpy(path, text.data, text.length);
    path[text.length] = 0;
    if (path[0] == '/' || strcmp(last, path) >= 0) {
        pack->failed = true;
        return;
    }
    struct segments_file *file = add_file(table, path, count / SEGMENT_PARTS);
    file->mark = mark;
    for (uint32_t i = 0; i < file->count && !pack->failed; i++)
        read_segment(&file->segments[i], pack);
    if (!pack->failed)
        set_offsets(file);
}

bool segments_decode(struct segments_table *table, const void *bytes, size_t length)
{
    uint64_t program[PROGRAM_NUMBERS];
    struct pack_reader pack;
    *table = (struct segments_table){.arena = arena_make(SIZE_MAX)};
    program_identify(program);
    if (!sealed_file_open(bytes, length, &pack) || pack_read_array(&pack, PARTS) != PARTS ||
        pack_read_uint(&pack, VERSION) != VERSION)
        return false;
    for (int i = 0; i < PROGRAM_NUMBERS; i++) {
        if (pack_read_uint(&pack, UINT64_MAX) != program[i])
            return false;
    }
    uint32_t count = pack_read_array(&pack, FILES_MAX * FILE_PARTS);
    pack.failed |= count % FILE_PARTS != 0;
    for (uint32_t i = 0; i < count / FILE_PARTS && !pack.failed; i++)
        read_file(table, table->count ? table->files[table->count - 1].path : "", &pack);
    return pack_reader_finished(&pack);
}

/* ---- the file ---- */

static void load(struct segments *segments)
{
    static const char so[] = "making every file anew";
    char path[PATH_MAX];
    struct buffer bytes = buffer_make(BYTES_MAX);
    if (sealed_file_read(segments->store, SEGMENTS_NAME, &bytes, path, so) &&
        !segments_decode(&segments->before, bytes.data, bytes.length)) {
        log_info("%s: broken or of another version; %s", path, so);
        segments_table_free(&segments->before);
    }
    buffer_free(&bytes);
}

struct segments *segments_open(const char *store, bool fresh)
{
    struct segments *segments = memory_zalloc(1, sizeof *segments);
    segments->store = store;
    segments->before.arena = arena_make(SIZE_MAX);
    segments->now.arena = arena_make(SIZE_MAX);
    pthread_mutex_init(&segments->mutex, NULL);
    if (!fresh)
        load(segments);
    return segments;
}

void segments_close(struct segments **segments)
{
    if (!*segments)
        return;
    segments_table_free(&(*segments)->before);
    segments_table_free(&(*segments)->now);
    pthread_mutex_destroy(&(*segments)->mutex);
    free(*segments);
    *segments = NULL;
}

const struct segments_file *segments_find(const struct segments *segments, const char *path)
{
    return find(&segments->before, path);
}

void segments_note(struct segments *segments, const char *path, const struct segment *list, uint32_t count)
{
    pthread_mutex_lock(&segments->mutex);
    struct segments_file *file = add_file(&segments->now, path, count);
    memcpy(file->segments, list, count * sizeof *list);
    pthread_mutex_unlock(&segments->mutex);
}

/* What is published now, in the order of the inventory, which is by path. The segments stay where they are.
 */
static struct segments_table published(struct segments *segments, const struct inventory *inventory)
{
    struct segments_table table = {.arena = arena_make(SIZE_MAX)};
    table.capacity = segments->now.count + segments->before.count;
    table.files = memory_zalloc(table.capacity + 1u, sizeof *table.files);
    sort(&segments->now);
    for (uint32_t i = 0; i < inventory->count; i++) {
        const struct inventory_item *item = &inventory->items[i];
        const struct segments_file *file = find(&segments->now, item->path);
        if (!file && (file = find(&segments->before, item->path)) && file->mark != item->mark)
            file = NULL;
        if (!file)
            continue;
        table.files[table.count] = *file;
        table.files[table.count++].mark = item->mark;
    }
    return table;
}

bool segments_save(struct segments *segments, const struct inventory *inventory)
{
    struct buffer bytes = buffer_make(BYTES_MAX);
    struct segments_table table = published(segments, inventory);
    segments_encode(&table, &bytes);
    bool saved = sealed_file_write(
        segments->store, SEGMENTS_NAME, &bytes, false, "the next export makes every file anew");
    segments_table_free(&table);
    buffer_free(&bytes);
    return saved;
}
