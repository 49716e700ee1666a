#include "exporter/site_mark.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

#include "common/log.h"

#define MARK_SIZE 64

static const struct language {
    const char *extension, *begin, *end;
} languages[] = {
    {".html", "<!-- ", " -->"},
    {".svg", "<!-- ", " -->"},
    {".css", "/* ", " */"},
    {".js", "// ", ""},
};

/* NULL if there is none. */
static const struct language *language_of(const char *path)
{
    const char *extension = strrchr(path, '.');
    for (size_t i = 0; extension && i < sizeof languages / sizeof *languages; i++)
        if (strcmp(extension, languages[i].extension) == 0)
            return &languages[i];
    return NULL;
}

bool site_mark_possible(const char *path)
{
    return language_of(path);
}

/* The line for these bytes; its length. */
static size_t make(const void *bytes, size_t length, const char *path, char out[static MARK_SIZE])
{
    const struct language *language = language_of(path);
    if (!language)
        log_bug("site_mark: no comment is known for %s", path);
    int written = snprintf(out, MARK_SIZE, "%sr3e-leaderboard %016" PRIx64 "%s\n", language->begin,
        (uint64_t)XXH64(bytes, length, 0), language->end);
    if (written <= 0 || written >= MARK_SIZE)
        log_bug("site_mark: MARK_SIZE is too small");
    return (size_t)written;
}

bool site_mark_add(struct buffer *content, const char *path)
{
    char mark[MARK_SIZE];
    size_t length = make(content->data, content->length, path, mark);
    return buffer_append(content, mark, length);
}

bool site_mark_fits(const struct buffer *content, const char *path)
{
    char mark[MARK_SIZE];
    size_t length = make("", 0, path, mark); /* all marks of a language are as long */
    if (content->length < length)
        return false;
    size_t before = content->length - length;
    make(content->data, before, path, mark);
    return memcmp(content->data + before, mark, length) == 0;
}
