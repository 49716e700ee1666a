#include "common/config_scan.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "common/unicode.h"

struct scan {
    const char *next;
    const char *end;
    unsigned line;
    const char *path;
    struct config_problems *problems;
};

static bool check_bytes(const struct buffer *content, const char *path, struct config_problems *problems)
{
    const char *next = (const char *)content->data;
    const char *end = content->length ? next + content->length : next;
    size_t before = problems->count;
    for (unsigned number = 1; next < end; number++) {
        const char *feed = memchr(next, '\n', (size_t)(end - next));
        struct text line = {next, (uint32_t)((feed ? feed : end) - next)};
        if (memchr(next, '\0', line.length))
            config_problems_add(problems, path, number, "has a NUL byte; this must be a text file");
        else if (!unicode_is_valid(line))
            config_problems_add(problems, path, number, "is not valid UTF-8; save the file as UTF-8");
        next = feed ? feed + 1 : end;
    }
    return problems->count == before;
}

static bool at(const struct scan *scan, const char *string)
{
    size_t length = strlen(string);
    return (size_t)(scan->end - scan->next) >= length && memcmp(scan->next, string, length) == 0;
}

static void advance(struct scan *scan, size_t count)
{
    while (count-- && scan->next < scan->end)
        scan->line += *scan->next++ == '\n';
}

/* Passes over everything up to and with `closing`; `escape` (or 0) takes the byte behind it along. */
static void skip_past(struct scan *scan, const char *closing, char escape)
{
    while (scan->next < scan->end && !at(scan, closing))
        advance(scan, escape && *scan->next == escape ? 2 : 1);
    advance(scan, strlen(closing));
}

/* A name or number: as many of libconfig's word characters as there are. */
static void scan_word(struct scan *scan)
{
    static const char characters[] = "+-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_*abcdefghijklmnopqrstuvwxyz";
    char word[32];
    size_t length = 0;
    while (scan->next + length < scan->end && memchr(characters, scan->next[length], sizeof(characters) - 1))
        length++;
    size_t kept = length < sizeof(word) - 1 ? length : sizeof(word) - 1;
    memcpy(word, scan->next, kept);
    word[kept] = '\0';
    size_t sign = strspn(word, "+-");
    size_t digits = strspn(word + sign, "0123456789");
    bool integer = digits && sign + digits == kept;
    long long value = integer ? strtoll(word, NULL, 10) : 0;
    if (value > INT_MAX || value < INT_MIN)
        config_problems_add(
            scan->problems, scan->path, scan->line, "the number %s is too large; no key needs one", word);
    advance(scan, length ? length : 1);
}

bool config_scan(const struct buffer *content, const char *path, struct config_problems *problems)
{
    if (!content->length)
        return true;
    if (!check_bytes(content, path, problems))
        return false;
    bool safe = true;
    const char *start = (const char *)content->data;
    struct scan scan = {start, start + content->length, 1, path, problems};
    while (scan.next < scan.end) {
        if (*scan.next == '#' || at(&scan, "//")) {
            skip_past(&scan, "\n", 0);
        } else if (at(&scan, "/*")) {
            skip_past(&scan, "*/", 0);
        } else if (*scan.next == '"') {
            advance(&scan, 1);
            skip_past(&scan, "\"", '\\');
        } else if (at(&scan, "@include")) {
            config_problems_add(problems, path, scan.line, "@include is not supported; put all in one file");
            safe = false;
            advance(&scan, 1);
        } else {
            scan_word(&scan);
        }
    }
    return safe;
}
