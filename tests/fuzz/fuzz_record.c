/* Board records of a broken store. The checksum is made right, or no input would pass it. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct record_board record, again;
    struct record_key key = {{0}}; /* the seed is 0: both schemas pass */
    uint8_t *bytes = malloc(size + 8);
    if (!bytes)
        return 0;
    if (size)
        memcpy(bytes, data, size);
    uint64_t checksum = record_checksum(bytes, size);
    for (int i = 0; i < 8; i++)
        bytes[size + (size_t)i] = (uint8_t)(checksum >> (56 - 8 * i));
    if (record_board_decode(&key, bytes, size + 8, &record)) {
        struct buffer out = buffer_make(4096);
        record_board_encode(&key, &record, &out);
        bool decoded = record_board_decode(&key, out.data, out.length, &again);
        assert(decoded && memcmp(&record, &again, sizeof record) == 0);
        buffer_free(&out);
    }
    free(bytes);
    return 0;
}
