#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/json_reader.h"
#include "common/problem.h"
#include "common/protocol_fields.h"
#include "common/unicode.h"

static bool find_string(const char *const *strings, size_t count, const char *wanted, unsigned *index)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(strings[i], wanted) == 0) {
            *index = (unsigned)i;
            return true;
        }
    }
    return false;
}

#define complain(problem, ...) problem_put(problem, PROTOCOL_PROBLEM_SIZE, __VA_ARGS__)

#define WORD_SIZE 64 /* keys, types and enumerated strings are shorter; a longer one is none of ours */

static bool decode_number(
    const struct protocol_field *field, struct json_reader *reader, uint64_t *whole, char *problem)
{
    double number = -1;
    if (json_reader_kind(reader) == JSON_NUMBER && !json_reader_number(reader, &number))
        return false;
    if (!(number >= 0 && number <= (double)SAFE_INTEGER_MAX && number == floor(number)))
        return complain(problem, "field %s: a whole number is missing", field->name);
    *whole = (uint64_t)number;
    return (*whole >= field->min && *whole <= field->max) ||
           complain(problem, "field %s: %llu is not within %llu and %llu", field->name,
               (unsigned long long)*whole, (unsigned long long)field->min, (unsigned long long)field->max);
}

static bool decode_text(
    const struct protocol_field *field, struct json_reader *reader, char *at, char *problem)
{
    size_t length;
    if (json_reader_kind(reader) != JSON_STRING)
        return complain(problem, "field %s: a string is missing", field->name);
    if (!json_reader_string(reader, at, field->max, &length))
        return false;
    if (length < field->min || length >= field->max)
        return complain(problem, "field %s: %zu bytes long, allowed are %llu to %llu", field->name, length,
            (unsigned long long)field->min, (unsigned long long)field->max - 1);
    return unicode_is_valid((struct text){at, (uint32_t)length}) ||
           complain(problem, "field %s: not UTF-8", field->name);
}

static bool decode_leases(const struct protocol_field *field, struct json_reader *reader,
    struct protocol_leases *leases, char *problem)
{
    if (json_reader_kind(reader) != JSON_ARRAY)
        return complain(problem, "field %s: a list is missing", field->name);
    json_reader_array(reader);
    while (json_reader_item(reader)) {
        if (leases->count == PROTOCOL_LEASES_MAX)
            return complain(problem, "field %s: more than %u numbers", field->name, PROTOCOL_LEASES_MAX);
        if (!decode_number(field, reader, &leases->ids[leases->count], problem))
            return false;
        leases->count++;
    }
    return !reader->failed &&
           (leases->count > 0 || complain(problem, "field %s: the list is empty", field->name));
}

/* Reads a string if that is what comes next; "" if not, or if it is too long to be one of ours. */
static bool read_word(struct json_reader *reader, char word[static WORD_SIZE])
{
    size_t length = 0;
    word[0] = '\0';
    if (json_reader_kind(reader) != JSON_STRING)
        return json_reader_skip(reader);
    return json_reader_string(reader, word, WORD_SIZE, &length);
}

/* False with `problem` if the value cannot be used; without, if the frame is not JSON. */
static bool decode_field(
    const struct protocol_field *field, struct json_reader *reader, struct message *message, char *problem)
{
    char *at = (char *)message + field->offset;
    switch (field->kind) {
    case FIELD_UINT: {
        uint64_t whole;
        if (!decode_number(field, reader, &whole, problem))
            return false;
        memcpy(at, &whole, sizeof whole);
        return true;
    }
    case FIELD_BOOL: {
        enum json_kind kind = json_reader_kind(reader);
        if (kind != JSON_TRUE && kind != JSON_FALSE)
            return complain(problem, "field %s: true or false is missing", field->name);
        *(bool *)at = kind == JSON_TRUE;
        return json_reader_skip(reader);
    }
    case FIELD_TEXT:
        return decode_text(field, reader, at, problem);
    case FIELD_ENUM: {
        char word[WORD_SIZE];
        unsigned index;
        if (!read_word(reader, word))
            return false;
        if (!find_string(field->strings, field->string_count, word, &index))
            return complain(problem, "field %s: not one of the known values", field->name);
        memcpy(at, &index, sizeof index);
        return true;
    }
    case FIELD_LEASES: {
        struct protocol_leases leases = {0};
        if (!decode_leases(field, reader, &leases, problem))
            return false;
        memcpy(at, &leases, sizeof leases);
        return true;
    }
    }
    return false;
}

/* Which message it is, wherever that stands: ours have it in front. Of a key that comes twice the first
 * counts. */
static bool decode_type(struct json_reader reader, struct message *message, char *problem)
{
    char key[WORD_SIZE], name[WORD_SIZE] = "";
    double version = 0;
    bool has_version = false, has_name = false;
    json_reader_object(&reader);
    while (!(has_version && has_name) && json_reader_key(&reader, key, sizeof key)) {
        if (!has_version && strcmp(key, "v") == 0) {
            has_version = true;
            if (json_reader_kind(&reader) != JSON_NUMBER)
                json_reader_skip(&reader);
            else
                json_reader_number(&reader, &version);
        } else if (!has_name && strcmp(key, "type") == 0) {
            has_name = true;
            read_word(&reader, name);
        } else {
            json_reader_skip(&reader);
        }
    }
    unsigned type;
    if (reader.failed)
        return false;
    if (version != PROTOCOL_VERSION)
        return complain(problem,
            "protocol version %.40g is spoken there and %d here; install the same release", version,
            PROTOCOL_VERSION);
    if (!find_string(protocol_type_strings, MESSAGE_TYPES, name, &type))
        return complain(problem, "unknown message type \"%.40s\"", name);
    message->type = (enum message_type)type;
    return true;
}

/* The field of that key; they are looked for from `from` on, where they are in our own messages. */
static size_t find_field(enum message_type type, const char *key, size_t from)
{
    size_t count = protocol_layouts[type].count;
    for (size_t i = 0; i < count; i++) {
        size_t place = from + i < count ? from + i : from + i - count;
        if (strcmp(protocol_layouts[type].fields[place].name, key) == 0)
            return place;
    }
    return count;
}

static bool decode_fields(struct json_reader *reader, struct message *message, char *problem)
{
    size_t count = protocol_layouts[message->type].count, next = 0;
    const struct protocol_field *fields = protocol_layouts[message->type].fields;
    uint64_t seen = 0; /* a bit for each field: PROTOCOL_FIELDS_MAX */
    char key[WORD_SIZE];
    json_reader_object(reader);
    while (json_reader_key(reader, key, sizeof key)) {
        size_t place = find_field(message->type, key, next);
        if (place == count || seen >> place & 1) {
            json_reader_skip(reader);
            continue;
        }
        if (!decode_field(&fields[place], reader, message, problem))
            return false;
        seen |= UINT64_C(1) << place;
        next = place + 1 < count ? place + 1 : 0;
    }
    if (!json_reader_done(reader))
        return false;
    for (size_t i = 0; i < count; i++) {
        struct json_reader nothing = json_reader_make("null", 4);
        if (!(seen >> i & 1))
            return decode_field(&fields[i], &nothing, message, problem); /* says what is missing */
    }
    return true;
}

bool protocol_decode(
    const void *bytes, size_t length, struct message *message, char problem[static PROTOCOL_PROBLEM_SIZE])
{
    memset(message, 0, sizeof *message);
    message->type = MESSAGE_TYPES;
    problem[0] = '\0';
    if (length > PROTOCOL_FRAME_MAX)
        return complain(problem, "control frame of %zu bytes, allowed are %d", length, PROTOCOL_FRAME_MAX);
    struct json_reader reader = json_reader_make(bytes, length);
    enum json_kind kind = json_reader_kind(&reader);
    if (kind != JSON_OBJECT && kind != JSON_NOTHING && json_reader_skip(&reader))
        return complain(problem, "not a JSON object");
    if (decode_type(reader, message, problem) && decode_fields(&reader, message, problem))
        return true;
    if (problem[0])
        return false;
    message->type = MESSAGE_TYPES;
    return complain(problem, "control frame is not JSON");
}
