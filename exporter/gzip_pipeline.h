#ifndef R3E_EXPORTER_GZIP_PIPELINE_H
#define R3E_EXPORTER_GZIP_PIPELINE_H
/* Writes one large gzip file whose content is made in parts, on several threads.
 *
 * Each thread takes the next part, has its content made and compressed, and appends it to the file when all
 * parts before it are there. The cut into segments depends on the content alone, so the file does not depend
 * on the number of threads. Memory: for each thread about two segments and the compressed part. */
#include <stdbool.h>
#include <stdint.h>

#include "common/buffer.h"
#include "exporter/guard.h"
#include "exporter/publish.h"

/* What a part is written into: append to `text`, and call gzip_sink_flush now and then, at least every few
 * KB. */
struct gzip_sink {
    struct buffer text;
    struct gzip_pipeline *pipeline; /* everything below is the pipeline's */
    struct gzip_compressor *compressor;
    struct buffer packed;
    struct gzip_sum *sum;
};

/* Compresses what stands in `sink->text` if it fills a segment. False: stop. */
bool gzip_sink_flush(struct gzip_sink *sink);

struct gzip_source {
    void *context;
    uint32_t part_count;
    /* One for each thread, made in that thread; may be NULL with close NULL. */
    void *(*open)(void *context);
    void (*close)(void *state);
    /* Writes part `part`. False: the guard knows why. */
    bool (*write)(void *context, void *state, uint32_t part, struct gzip_sink *sink);
};

/* Makes the file at `path`. False: the guard knows why. */
bool gzip_pipeline_run(struct publication *publication, const char *path, const struct gzip_source *source,
    unsigned threads, struct guard *guard);

#endif
