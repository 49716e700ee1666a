#include "exporter/gzip_pipeline.h"

#include <string.h>

#include "common/file.h"
#include "common/gzip.h"
#include "exporter/threads.h"

/* A part normally gives one or two segments; what a part may grow to in the worst case is bounded by its
 * rows. */
#define TEXT_MAX   ((size_t)1 << 30)
#define PACKED_MAX ((size_t)1 << 31)

struct gzip_pipeline {
    const struct gzip_source *source;
    struct guard *guard;
    const char *folder, *path;
    int fd;
    pthread_mutex_t mutex; /* guards all below */
    pthread_cond_t turn;
    uint32_t next_part;  /* to be taken */
    uint32_t next_write; /* to be written */
    struct gzip_sum sum;
};

static bool compress(struct gzip_sink *sink, const uint8_t *bytes, size_t length)
{
    struct gzip_segment segment;
    if (!gzip_append_segment(sink->compressor, bytes, 0, length, &sink->packed, &segment))
        return guard_fail(
            sink->pipeline->guard, "%s: a part is larger than can be compressed", sink->pipeline->path);
    gzip_sum_add(sink->sum, &segment);
    return true;
}

/* A segment is cut only where a whole one is left behind it, so that no part ends in a tiny one. */
bool gzip_sink_flush(struct gzip_sink *sink)
{
    size_t at = 0;
    while (sink->text.length - at >= 2 * GZIP_SEGMENT_BYTES) {
        if (!guard_ok(sink->pipeline->guard) || !compress(sink, sink->text.data + at, GZIP_SEGMENT_BYTES))
            return false;
        at += GZIP_SEGMENT_BYTES;
    }
    if (at) {
        memmove(sink->text.data, sink->text.data + at, sink->text.length - at);
        sink->text.length -= at;
    }
    return true;
}

static bool finish_part(struct gzip_sink *sink)
{
    if (sink->text.overflowed)
        return guard_fail(
            sink->pipeline->guard, "%s: a part is larger than can be held", sink->pipeline->path);
    bool done = gzip_sink_flush(sink);
    if (done && sink->text.length)
        done = compress(sink, sink->text.data, sink->text.length);
    buffer_clear(&sink->text);
    return done;
}

static bool write_packed(struct gzip_pipeline *pipeline, const struct buffer *packed)
{
    if (file_write_all(pipeline->fd, packed->data, packed->length))
        return true;
    return guard_fail_file(pipeline->guard, "write", pipeline->folder, pipeline->path);
}

/* Waits for this part's turn. After a failure nobody's turn comes any more. */
static bool write_in_turn(struct gzip_pipeline *pipeline, uint32_t part, struct gzip_sink *sink, bool made,
    const struct gzip_sum *sum)
{
    pthread_mutex_lock(&pipeline->mutex);
    while (made && pipeline->next_write != part && guard_ok(pipeline->guard))
        pthread_cond_wait(&pipeline->turn, &pipeline->mutex);
    bool written = made && guard_ok(pipeline->guard) && write_packed(pipeline, &sink->packed);
    if (written) {
        const struct gzip_segment whole = {.length = sum->length, .crc32 = sum->crc32};
        gzip_sum_add(&pipeline->sum, &whole);
        pipeline->next_write = part + 1;
    } else {
        guard_fail(pipeline->guard, "cannot make %s", pipeline->path);
    }
    pthread_cond_broadcast(&pipeline->turn);
    pthread_mutex_unlock(&pipeline->mutex);
    return written;
}

static bool take_part(struct gzip_pipeline *pipeline, uint32_t *part)
{
    pthread_mutex_lock(&pipeline->mutex);
    bool taken = pipeline->next_part < pipeline->source->part_count;
    *part = taken ? pipeline->next_part++ : 0;
    pthread_mutex_unlock(&pipeline->mutex);
    return taken;
}

static void *run_thread(void *context)
{
    struct gzip_pipeline *pipeline = context;
    const struct gzip_source *source = pipeline->source;
    struct gzip_sum sum;
    struct gzip_sink sink = {
        .pipeline = pipeline,
        .compressor = gzip_compressor_open(GZIP_LEVEL),
        .text = buffer_make(TEXT_MAX),
        .packed = buffer_make(PACKED_MAX),
        .sum = &sum,
    };
    void *state = source->open ? source->open(source->context) : NULL;
    uint32_t part;
    bool going = true;
    while (going && take_part(pipeline, &part)) {
        sum = (struct gzip_sum){0, 0};
        buffer_clear(&sink.text);
        buffer_clear(&sink.packed);
        bool made = source->write(source->context, state, part, &sink) && finish_part(&sink);
        going = write_in_turn(pipeline, part, &sink, made, &sum);
    }
    if (source->close)
        source->close(state);
    buffer_free(&sink.text);
    buffer_free(&sink.packed);
    gzip_compressor_close(&sink.compressor);
    return NULL;
}

static bool write_frame(struct gzip_pipeline *pipeline, bool header)
{
    struct buffer frame = buffer_make(64);
    if (header)
        gzip_append_header(&frame);
    else
        gzip_append_trailer(&pipeline->sum, &frame);
    bool written = write_packed(pipeline, &frame);
    buffer_free(&frame);
    return written;
}

bool gzip_pipeline_run(struct publication *publication, const char *path, const struct gzip_source *source,
    unsigned threads, struct guard *guard)
{
    struct gzip_pipeline pipeline = {
        .source = source, .guard = guard, .folder = publication->root, .path = path};
    pipeline.fd = publication_begin(publication, path);
    if (pipeline.fd < 0)
        return false;
    pthread_mutex_init(&pipeline.mutex, NULL);
    pthread_cond_init(&pipeline.turn, NULL);
    bool written = write_frame(&pipeline, true);
    if (written) {
        struct threads team = threads_start(threads, run_thread, &pipeline);
        threads_join(&team);
        written =
            guard_ok(guard) && pipeline.next_write == source->part_count && write_frame(&pipeline, false);
    }
    pthread_cond_destroy(&pipeline.turn);
    pthread_mutex_destroy(&pipeline.mutex);
    return publication_end(publication, path, pipeline.fd) && written;
}
