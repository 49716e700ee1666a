/* The exporter's manifest, damaged. The checksum is made right, or no input would pass it. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/record.h"
#include "exporter/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct manifest manifest, again;
    uint8_t *bytes = malloc(size + 8);
    if (!bytes)
        return 0;
    if (size)
        memcpy(bytes, data, size);
    uint64_t checksum = record_checksum(bytes, size);
    for (int i = 0; i < 8; i++)
        bytes[size + (size_t)i] = (uint8_t)(checksum >> (56 - 8 * i));
    if (manifest_decode(&manifest, bytes, size + 8)) {
        struct buffer out = buffer_make((size_t)1 << 24);
        manifest_encode(&manifest, &out);
        bool decoded = manifest_decode(&again, out.data, out.length);
        assert(decoded && again.inventory.count == manifest.inventory.count);
        for (uint32_t i = 0; i < again.inventory.count; i++)
            assert(strcmp(again.inventory.items[i].path, manifest.inventory.items[i].path) == 0);
        manifest_free(&again);
        buffer_free(&out);
    }
    manifest_free(&manifest);
    free(bytes);
    return 0;
}
