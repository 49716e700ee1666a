/* Whatever comes over the status socket and from the keyboard: the picture has no row that is too wide, and
 * no byte of what came steers the terminal. The first byte chooses the topic, the next two the size. */
#include <assert.h>
#include <string.h>

#include "coordinator/ctl/columns.h"
#include "coordinator/ctl/keys.h"
#include "coordinator/ctl/watch_view.h"

#define HEAD 3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_keys(const char *bytes, size_t length)
{
    size_t used;
    for (size_t at = 0; at < length; at += used) {
        keys_next(bytes + at, length - at, &used);
        assert(used > 0 && used <= length - at);
    }
}

/* Only our own sequences are in what is drawn: positions, erasing, styles. */
static void check(struct buffer *out)
{
    const char *text = buffer_string(out);
    for (const char *at = text; (at = strchr(at, '\x1b')) != NULL; at++)
        assert(at[1] == '[' && strchr("HKm", at[2 + strspn(at + 2, "0123456789;")]));
    for (; *text; text++)
        assert((unsigned char)*text >= ' ' || *text == '\x1b');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < HEAD)
        return 0;
    struct watch_model model = {.known = data[0] & 4};
    struct screen screen = screen_make(true, data[0] & 8);
    struct buffer out = buffer_make((size_t)8 * 1024 * 1024);
    struct listener_message message = {.topic = (enum listener_topic)(data[0] % LISTENER_TOPIC_COUNT),
        .json = {(const char *)data + HEAD, (uint32_t)(size - HEAD)}};
    read_keys((const char *)data, size);
    watch_model_take(&model, &message, 1000);
    watch_model_take(&model, &message, 2000);
    model.known = true;
    screen_begin(&screen, data[1], data[2]);
    watch_view_make(&model, &screen, 3000);
    for (unsigned i = 0; i < screen.height; i++)
        assert(screen.rows[i].cells <= screen.width);
    screen_draw(&screen, &out);
    assert(!out.overflowed);
    check(&out);
    buffer_free(&out);
    screen_free(&screen);
    watch_model_free(&model);
    return 0;
}
