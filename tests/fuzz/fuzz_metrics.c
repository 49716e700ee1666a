/* What comes from a status socket: whatever it says, the page is bounded and made of whole lines that either
 * format allows. */
#include <assert.h>
#include <ctype.h>
#include <string.h>

#include "common/metrics.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PAGE_MAX ((size_t)512 * 1024)

static void check_line(const char *line, size_t length)
{
    assert(length > 0);
    if (line[0] == '#')
        return;
    assert(length > 4 && memcmp(line, "r3e_", 4) == 0);
    const char *value = memrchr(line, ' ', length);
    assert(value && value + 1 < line + length);
    bool quoted = false;
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)line[i];
        assert(c >= 0x20);
        if (c == '\\' && quoted)
            i++;
        else if (c == '"')
            quoted = !quoted;
    }
    assert(!quoted);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buffer page = buffer_make(PAGE_MAX);
    struct metrics_writer writer =
        metrics_writer_make(&page, size % 2 ? METRICS_OPENMETRICS : METRICS_PROMETHEUS);
    bool ok = metrics_write_summary(&writer, (struct text){(const char *)data, (uint32_t)size});
    assert(ok || page.length == 0);
    const char *at = (const char *)page.data;
    const char *end = at + page.length;
    while (at < end && !page.overflowed) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        assert(line_end);
        check_line(at, (size_t)(line_end - at));
        at = line_end + 1;
    }
    buffer_free(&page);
    return 0;
}
