/* What a client of r3e-httpd controls: path, range and lists of what it takes. The first byte says how the
 * rest is read. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "exporter/httpd/negotiate.h"
#include "exporter/httpd/range.h"
#include "exporter/httpd/url_path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is found is relative, has no empty part and none that begins with a dot, and no control character. */
static void try_path(const char *text)
{
    char path[URL_PATH_SIZE];
    if (url_path_decode(text, path) != URL_PATH_FOUND)
        return;
    assert(memchr(path, 0, sizeof path));
    assert(path[0] && path[0] != '/' && path[0] != '.');
    assert(!strstr(path, "//") && !strstr(path, "/.") && !strchr(path, '\\'));
    assert(path[strlen(path) - 1] != '/');
    for (const char *at = path; *at; at++)
        assert((unsigned char)*at >= 0x20 && *at != 0x7f);
}

static void try_range(const char *text, uint64_t size)
{
    struct range range = {0};
    if (range_parse(text, size, &range) != RANGE_PART)
        return;
    assert(range.length > 0 && range.length <= size && range.offset <= size - range.length);
}

static void try_lists(const char *text)
{
    static const char *const names[] = {
        "gzip", "*", "*/*", "text/html", "text/plain", "application/openmetrics-text"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        int weight = accept_weight(text, names[i]);
        assert(weight >= -1 && weight <= 1000);
        /* What is not there cannot have been named. */
        assert(weight == -1 || strcasestr(text, names[i]));
    }
    accepts_gzip(text);
    accepts_html(text);
    prefers_plain_metrics(text);
    bool listed = etag_listed(text, "\"1-2-3\"", text[0] == '"');
    assert(!listed || strstr(text, "\"1-2-3\"") || strchr(text, '*'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 9)
        return 0;
    uint64_t file_size;
    memcpy(&file_size, data + 1, sizeof file_size);
    char *text = malloc(size - 8);
    assert(text);
    memcpy(text, data + 9, size - 9);
    text[size - 9] = '\0';
    if (data[0] % 3 == 0)
        try_path(text);
    else if (data[0] % 3 == 1)
        try_range(text, file_size >> (data[0] % 64));
    else
        try_lists(text);
    free(text);
    return 0;
}
