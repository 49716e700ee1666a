#include "coordinator/zap_request.h"

#include <string.h>
#include <zmq.h>

#define CURVE_KEY_BYTES 32

/* Places in a request. */
enum { DELIMITER = 1, VERSION, REQUEST_ID, DOMAIN, ADDRESS, IDENTITY, MECHANISM, CREDENTIAL };

static bool is(struct text frame, const char *string)
{
    size_t length = strlen(string);
    return frame.length == length && (length == 0 || memcmp(frame.data, string, length) == 0);
}

static bool copy(struct text frame, char *out, size_t size)
{
    if (frame.length >= size || (frame.length && memchr(frame.data, 0, frame.length)))
        return false;
    if (frame.length)
        memcpy(out, frame.data, frame.length);
    out[frame.length] = '\0';
    return true;
}

struct text zap_request_plain_address(struct text address)
{
    static const char mapped[] = "::ffff:";
    size_t length = sizeof mapped - 1;
    if (address.length > length && memcmp(address.data, mapped, length) == 0 &&
        memchr(address.data, '.', address.length))
        return (struct text){address.data + length, address.length - (uint32_t)length};
    return address;
}

static const char *find_fault(const struct text *frames, unsigned count, struct zap_request *request)
{
    if (count <= REQUEST_ID || !is(frames[DELIMITER], ""))
        return "it is no ZAP request";
    if (frames[REQUEST_ID].length >= ZAP_REQUEST_ID_SIZE)
        return "its request id is too long";
    request->id = frames[REQUEST_ID];
    if (!is(frames[VERSION], "1.0"))
        return "it is of another version of ZAP than 1.0";
    if (count <= MECHANISM)
        return "it is cut short";
    if (!is(frames[MECHANISM], "CURVE"))
        return "it came without a key";
    if (count != ZAP_REQUEST_FRAMES || frames[CREDENTIAL].length != CURVE_KEY_BYTES)
        return "it has no key of 32 bytes";
    if (!copy(frames[DOMAIN], request->domain, sizeof request->domain) ||
        !copy(zap_request_plain_address(frames[ADDRESS]), request->address, sizeof request->address))
        return "its domain or address is too long";
    return NULL;
}

bool zap_request_parse(
    const struct text *frames, unsigned count, struct zap_request *request, const char **problem)
{
    *request = (struct zap_request){.address = "unknown"};
    *problem = find_fault(frames, count, request);
    if (*problem)
        return false;
    if (zmq_z85_encode(request->public_key, (const uint8_t *)frames[CREDENTIAL].data, CURVE_KEY_BYTES))
        return true;
    *problem = "its key cannot be written down";
    return false;
}
