#include "exporter/item_file.h"

#include <stdlib.h>

#include "common/memory.h"
#include "exporter/gzip_pipeline.h"

/* What a part is cut at: about one segment of the compressor. */
#define PART_BYTES 524288u

struct item_file {
    const struct item_list *list;
    uint64_t *first_of_part; /* and behind the last one the number of items */
    uint32_t part_count, part_capacity;
};

static void add_part(struct item_file *file, uint64_t first)
{
    if (file->part_count + 1 >= file->part_capacity) {
        file->part_capacity = file->part_capacity ? file->part_capacity * 2 : 64;
        file->first_of_part =
            memory_resize(file->first_of_part, file->part_capacity, sizeof *file->first_of_part);
    }
    file->first_of_part[file->part_count++] = first;
    file->first_of_part[file->part_count] = file->list->count;
}

static void cut(struct item_file *file)
{
    uint64_t bytes = 0;
    add_part(file, 0);
    for (uint64_t item = 0; item < file->list->count; item++) {
        if (bytes >= PART_BYTES) {
            add_part(file, item);
            bytes = 0;
        }
        bytes += file->list->size(file->list->context, item);
    }
}

static void *open_state(void *context)
{
    const struct item_file *file = context;
    return file->list->open ? file->list->open(file->list->context) : NULL;
}

static bool write_items(struct item_file *file, void *state, uint32_t part, struct gzip_sink *sink)
{
    const struct item_list *list = file->list;
    for (uint64_t item = file->first_of_part[part]; item < file->first_of_part[part + 1]; item++) {
        if (item)
            buffer_append(&sink->text, ",", 1);
        if (!list->append(list->context, state, item, &sink->text) || !gzip_sink_flush(sink))
            return false;
    }
    return true;
}

static bool write_part(void *context, void *state, uint32_t part, struct gzip_sink *sink)
{
    struct item_file *file = context;
    if (part == 0)
        buffer_append(&sink->text, file->list->head.data, file->list->head.length);
    if (!write_items(file, state, part, sink))
        return false;
    if (part + 1 == file->part_count)
        buffer_append(&sink->text, file->list->tail.data, file->list->tail.length);
    return true;
}

bool item_file_write(struct publication *publication, const char *path, const struct item_list *list,
    unsigned threads, struct guard *guard)
{
    struct item_file file = {.list = list};
    cut(&file);
    const struct gzip_source source = {
        .context = &file,
        .part_count = file.part_count,
        .open = open_state,
        .close = list->close,
        .write = write_part,
    };
    bool written = gzip_pipeline_run(publication, path, &source, threads, guard);
    free(file.first_of_part);
    return written;
}
