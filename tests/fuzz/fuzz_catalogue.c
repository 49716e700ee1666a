/* The catalogue as a broken store may hold it. */
#include <assert.h>

#include "common/catalogue.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct catalogue catalogue;
    const char *problem = NULL;
    if (catalogue_decode(data, size, &catalogue, &problem)) {
        struct buffer out = buffer_make(CATALOGUE_ENCODED_MAX);
        catalogue_encode(&catalogue, &out);
        assert(!out.overflowed);
        buffer_free(&out);
    } else {
        assert(problem);
    }
    catalogue_free(&catalogue);
    return 0;
}
