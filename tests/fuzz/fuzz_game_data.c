/* The game's r3e-data.json: what is taken makes a catalogue that can be written into the store and read from
 * there; what is not is named. */
#include <assert.h>
#include <string.h>

#include "coordinator/ctl/game_data.h"

#define CONTENT_MAX ((size_t)1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct catalogue catalogue = catalogue_make(), again;
    struct buffer content = buffer_make(CONTENT_MAX + 1), out = buffer_make(CATALOGUE_ENCODED_MAX);
    char error[GAME_DATA_ERROR_SIZE] = "";
    const char *problem = NULL;
    if (size > CONTENT_MAX)
        return 0;
    buffer_append(&content, data, size);
    if (game_data_read(&content, &catalogue, error)) {
        assert(catalogue.tracks.count > 0 && catalogue.classes.count > 0);
        catalogue_encode(&catalogue, &out);
        bool decoded = !out.overflowed && catalogue_decode(out.data, out.length, &again, &problem);
        assert(decoded && again.tracks.count == catalogue.tracks.count);
        catalogue_free(&again);
    } else {
        assert(error[0] && memchr(error, 0, sizeof error));
        for (const char *at = error; *at; at++)
            assert((unsigned char)*at >= ' ' && *at != 0x7f);
    }
    catalogue_free(&catalogue);
    buffer_free(&content);
    buffer_free(&out);
    return 0;
}
