/* Whatever decodes must encode again, and decode to the same. */
#include <assert.h>
#include <string.h>

#include "common/protocol.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct message message, again;
    char problem[PROTOCOL_PROBLEM_SIZE];
    if (!protocol_decode(data, size, &message, problem))
        return 0;
    struct buffer out = buffer_make(8 * PROTOCOL_FRAME_MAX);
    protocol_encode(&message, &out);
    if (out.length <= PROTOCOL_FRAME_MAX) {
        bool decoded = protocol_decode(out.data, out.length, &again, problem);
        assert(decoded && again.type == message.type);
    }
    buffer_free(&out);
    return 0;
}
