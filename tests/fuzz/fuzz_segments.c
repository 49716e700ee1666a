/* The exporter's table of segments, damaged. Checksum, version and program are made right, or no input would
 * pass them. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/record.h"
#include "exporter/segments.h"

#define CHECKSUM_SIZE 8u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void seal(struct buffer *bytes)
{
    uint64_t checksum = record_checksum(bytes->data, bytes->length);
    for (unsigned i = 0; i < CHECKSUM_SIZE; i++)
        buffer_append_byte(bytes, (uint8_t)(checksum >> (56 - 8 * i)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct segments_table table = {0}, again;
    struct buffer bytes = buffer_make(size + 1024), out = buffer_make((size_t)1 << 24);
    segments_encode(&table, &bytes);
    bytes.length -= CHECKSUM_SIZE + 1; /* the empty list of files */
    buffer_append(&bytes, data, size);
    seal(&bytes);
    if (segments_decode(&table, bytes.data, bytes.length)) {
        segments_encode(&table, &out);
        bool decoded = segments_decode(&again, out.data, out.length);
        assert(decoded && again.count == table.count);
        for (uint32_t i = 0; i < again.count; i++) {
            assert(strcmp(again.files[i].path, table.files[i].path) == 0);
            assert(again.files[i].count == table.files[i].count);
        }
        segments_table_free(&again);
    }
    segments_table_free(&table);
    buffer_free(&out);
    buffer_free(&bytes);
    return 0;
}
