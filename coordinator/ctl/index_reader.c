#include "coordinator/ctl/index_reader.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "common/buffer.h"
#include "common/memory.h"

#define CHUNK_BYTES ((size_t)256 * 1024)

/* Where the scanner stands; each state says what may come next. */
enum place {
    AT_START,       /* { */
    AT_FIRST_KEY,   /* " or } */
    AT_KEY,         /* " */
    IN_KEY,         /* the key's characters */
    AT_COLON,       /* : */
    AT_LIST,        /* [ */
    AT_FIRST_ENTRY, /* { or ] */
    AT_ENTRY,       /* { */
    IN_ENTRY,       /* all up to the brace that closes it */
    BEHIND_ENTRY,   /* , or ] */
    BEHIND_LIST,    /* , or } */
    AT_END,         /* nothing but white space */
    BROKEN,
};

struct scanner {
    const struct index_visitor *visitor;
    enum place place;
    bool wanted;        /* the driver's entries */
    bool in_string;     /* inside an entry */
    bool escaped;       /* the character before was a backslash */
    unsigned depth;     /* of braces and brackets inside an entry */
    struct buffer item; /* the key or the entry being read */
};

static bool end_key(struct scanner *scanner)
{
    /* A key is a JSON string; cJSON knows all its escapes. */
    if (!memchr(scanner->item.data, '\\', scanner->item.length)) {
        const char *inside = (const char *)scanner->item.data + 1;
        struct text key = {inside, (uint32_t)scanner->item.length - 2};
        scanner->wanted = scanner->visitor->driver(scanner->visitor->context, key);
        return true;
    }
    cJSON *string = cJSON_ParseWithLength((const char *)scanner->item.data, scanner->item.length);
    bool ok = cJSON_IsString(string);
    if (ok) {
        struct text key = {string->valuestring, (uint32_t)strlen(string->valuestring)};
        scanner->wanted = scanner->visitor->driver(scanner->visitor->context, key);
    }
    cJSON_Delete(string);
    return ok;
}

static enum place in_key(struct scanner *scanner, char c)
{
    buffer_append_byte(&scanner->item, (uint8_t)c);
    if (scanner->escaped)
        scanner->escaped = false;
    else if (c == '\\')
        scanner->escaped = true;
    else if (c == '"')
        return !scanner->item.overflowed && end_key(scanner) ? AT_COLON : BROKEN;
    return scanner->item.overflowed ? BROKEN : IN_KEY;
}

static enum place end_entry(struct scanner *scanner)
{
    struct text json = {(const char *)scanner->item.data, (uint32_t)scanner->item.length};
    if (scanner->wanted)
        scanner->visitor->entry(scanner->visitor->context, json);
    return BEHIND_ENTRY;
}

static enum place in_entry(struct scanner *scanner, char c)
{
    if (scanner->wanted && !buffer_append_byte(&scanner->item, (uint8_t)c))
        return BROKEN;
    if (scanner->escaped) {
        scanner->escaped = false;
    } else if (scanner->in_string) {
        scanner->escaped = c == '\\';
        scanner->in_string = c != '"';
    } else if (c == '"') {
        scanner->in_string = true;
    } else if (c == '{' || c == '[') {
        scanner->depth++;
    } else if ((c == '}' || c == ']') && --scanner->depth == 0) {
        return end_entry(scanner);
    }
    return IN_ENTRY;
}

static enum place begin_key(struct scanner *scanner)
{
    buffer_clear(&scanner->item);
    buffer_append_byte(&scanner->item, '"');
    return IN_KEY;
}

static enum place begin_entry(struct scanner *scanner)
{
    buffer_clear(&scanner->item);
    if (scanner->wanted)
        buffer_append_byte(&scanner->item, '{');
    scanner->depth = 1;
    return IN_ENTRY;
}

static enum place end_list(struct scanner *scanner)
{
    if (scanner->wanted)
        scanner->visitor->driver_end(scanner->visitor->context);
    return BEHIND_LIST;
}

/* Between keys and entries. */
static enum place between(struct scanner *scanner, char c)
{
    if (c == ' ' || c == '\n' || c == '\r' || c == '\t')
        return scanner->place;
    switch (scanner->place) {
    case AT_START:
        return c == '{' ? AT_FIRST_KEY : BROKEN;
    case AT_FIRST_KEY:
        return c == '"' ? begin_key(scanner) : c == '}' ? AT_END : BROKEN;
    case AT_KEY:
        return c == '"' ? begin_key(scanner) : BROKEN;
    case AT_COLON:
        return c == ':' ? AT_LIST : BROKEN;
    case AT_LIST:
        return c == '[' ? AT_FIRST_ENTRY : BROKEN;
    case AT_FIRST_ENTRY:
        return c == '{' ? begin_entry(scanner) : c == ']' ? end_list(scanner) : BROKEN;
    case AT_ENTRY:
        return c == '{' ? begin_entry(scanner) : BROKEN;
    case BEHIND_ENTRY:
        return c == ',' ? AT_ENTRY : c == ']' ? end_list(scanner) : BROKEN;
    case BEHIND_LIST:
        return c == ',' ? AT_KEY : c == '}' ? AT_END : BROKEN;
    default:
        return BROKEN;
    }
}

static bool scan(struct scanner *scanner, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length && scanner->place != BROKEN; i++) {
        if (scanner->place == IN_ENTRY)
            scanner->place = in_entry(scanner, bytes[i]);
        else if (scanner->place == IN_KEY)
            scanner->place = in_key(scanner, bytes[i]);
        else
            scanner->place = between(scanner, bytes[i]);
    }
    return scanner->place != BROKEN;
}

static bool say(char error[static INDEX_READER_ERROR_SIZE], const char *path, const char *what)
{
    if (snprintf(error, INDEX_READER_ERROR_SIZE, "%.400s: %s", path, what) < 0)
        error[0] = '\0';
    return false;
}

static bool read_all(gzFile file, const char *path, struct scanner *scanner, char *chunk,
    char error[static INDEX_READER_ERROR_SIZE])
{
    int got;
    while ((got = gzread(file, chunk, CHUNK_BYTES)) > 0)
        if (!scan(scanner, chunk, (size_t)got))
            return say(error, path, "this is not an index of drivers");
    int code;
    const char *message = gzerror(file, &code);
    if (got < 0 || code != Z_OK)
        return say(error, path, code == Z_ERRNO ? strerror(errno) : message);
    if (scanner->place != AT_END)
        return say(error, path, "the index ends too early");
    return true;
}

bool index_reader_run(
    const char *path, const struct index_visitor *visitor, char error[static INDEX_READER_ERROR_SIZE])
{
    gzFile file = gzopen(path, "rbe"); /* e: close on exec */
    if (!file)
        return say(error, path, errno ? strerror(errno) : "no memory");
    gzbuffer(file, CHUNK_BYTES);
    struct scanner scanner = {.visitor = visitor, .item = buffer_make(INDEX_READER_ITEM_MAX)};
    char *chunk = memory_zalloc(1, CHUNK_BYTES);
    bool ok = read_all(file, path, &scanner, chunk, error);
    free(chunk);
    buffer_free(&scanner.item);
    gzclose_r(file);
    return ok;
}
