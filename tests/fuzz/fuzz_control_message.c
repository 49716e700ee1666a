/* What decodes as a request must encode again unless it has become too long, and decode to the same. */
#include <assert.h>
#include <string.h>

#include "common/control_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct control_request request, again;
    char problem[CONTROL_PROBLEM_SIZE];
    struct control_reply reply;
    control_reply_decode(data, size, &reply);
    if (!control_request_decode(data, size, &request, problem))
        return 0;
    struct buffer out = buffer_make(CONTROL_REQUEST_MAX);
    if (control_request_encode(&request, &out)) {
        bool decoded = control_request_decode(out.data, out.length, &again, problem);
        assert(decoded && memcmp(&request, &again, sizeof request) == 0);
    }
    buffer_free(&out);
    return 0;
}
