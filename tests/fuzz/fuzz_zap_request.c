/* What libzmq's ZAP client could send: frames, each behind one byte with its length. What is taken has a key
 * and strings that end; what is not has a reason, and is answered only if there is something to answer to. */
#include <assert.h>
#include <string.h>

#include "coordinator/zap_request.h"

#define FRAMES_MOST (ZAP_REQUEST_FRAMES + 3)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text frames[FRAMES_MOST] = {{0}};
    unsigned count = 0;
    for (size_t at = 0; at < size && count < FRAMES_MOST; count++) {
        size_t length = data[at++];
        if (length > size - at)
            length = size - at;
        frames[count] = (struct text){(const char *)data + at, (uint32_t)length};
        at += length;
    }
    struct zap_request request;
    const char *problem = NULL;
    if (zap_request_parse(frames, count, &request, &problem)) {
        assert(
            strlen(request.public_key) == KEY_FILE_Z85_SIZE - 1 && request.id.length < ZAP_REQUEST_ID_SIZE);
        assert(memchr(request.domain, 0, sizeof request.domain));
    } else {
        assert(problem && problem[0]);
    }
    assert(memchr(request.address, 0, sizeof request.address));
    return 0;
}
