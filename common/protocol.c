#include "common/protocol.h"

#include <string.h>

#include "common/json_writer.h"
#include "common/log.h"
#include "common/protocol_fields.h"
#include "common/unicode.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

#define X(name, string) string,
const char *const protocol_type_strings[] = {PROTOCOL_TYPES(X)};
static const char *const outcome_strings[] = {PROTOCOL_OUTCOMES(X)};
static const char *const failure_strings[] = {PROTOCOL_FAILURES(X)};
static const char *const verdict_strings[] = {PROTOCOL_VERDICTS(X)};
static const char *const bye_strings[] = {PROTOCOL_BYES(X)};
static const char *const robots_outcome_strings[] = {PROTOCOL_ROBOTS_OUTCOMES(X)};
#undef X

const char *message_type_string(enum message_type type)
{
    return protocol_type_strings[type];
}

const char *outcome_string(enum outcome outcome)
{
    return outcome_strings[outcome];
}

const char *failure_string(enum failure failure)
{
    return failure_strings[failure];
}

const char *verdict_string(enum verdict verdict)
{
    return verdict_strings[verdict];
}

const char *bye_string(enum bye bye)
{
    return bye_strings[bye];
}

#define UINT(part, member, low, high)                                                                        \
    {                                                                                                        \
#member, FIELD_UINT, offsetof(struct message, part.member), low, high, NULL, 0                       \
    }
#define FLAG(part, member)                                                                                   \
    {                                                                                                        \
#member, FIELD_BOOL, offsetof(struct message, part.member), 0, 1, NULL, 0                            \
    }
#define TEXT(part, member, least)                                                                            \
    {                                                                                                        \
#member, FIELD_TEXT, offsetof(struct message, part.member), least,                                   \
            sizeof(((struct message *)0)->part.member), NULL, 0                                              \
    }
#define ENUM(part, member, table)                                                                            \
    {                                                                                                        \
#member, FIELD_ENUM, offsetof(struct message, part.member), 0, 0, table, COUNT(table)                \
    }

#define LEASES(part, member)                                                                                 \
    {                                                                                                        \
#member, FIELD_LEASES, offsetof(struct message, part.member), 1, SAFE_INTEGER_MAX, NULL, 0           \
    }

#define ID_MAX   INT32_MAX
#define DAY_MS   86400000u
#define YEAR_MS  ((uint64_t)366 * DAY_MS)
#define TIME_MAX ((uint64_t)253402300799999) /* the end of year 9999 */

static const struct protocol_field hello_fields[] = {
    TEXT(hello, version, 1),
    TEXT(hello, host, 1),
    UINT(hello, pid, 1, INT32_MAX),
    UINT(hello, process, 0, SAFE_INTEGER_MAX),
    UINT(hello, job, 0, SAFE_INTEGER_MAX),
};
static const struct protocol_field welcome_fields[] = {
    TEXT(welcome, version, 1),
    TEXT(welcome, worker, 1),
    TEXT(welcome, results, 1),
    TEXT(welcome, base_url, 1),
    TEXT(welcome, user_agent, 1),
    UINT(welcome, page_size, 1, 100000),
    UINT(welcome, max_pages, 1, PROTOCOL_PAGES_MAX),
    UINT(welcome, connect_timeout_ms, 1, DAY_MS),
    UINT(welcome, timeout_ms, 1, DAY_MS),
    UINT(welcome, max_response_bytes, 1024, (uint64_t)1 << 32),
    FLAG(welcome, session),
    UINT(welcome, heartbeat_ms, 10, DAY_MS),
    UINT(welcome, max_jobs, 1, UINT32_MAX),
    UINT(welcome, max_age_ms, 1, YEAR_MS),
    UINT(welcome, max_rss_kb, 1, UINT32_MAX),
    UINT(welcome, lease, 0, SAFE_INTEGER_MAX),
};
static const struct protocol_field refuse_fields[] = {TEXT(refuse, reason, 1)};
static const struct protocol_field job_fields[] = {
    UINT(job, lease, 1, SAFE_INTEGER_MAX),
    UINT(job, attempt, 1, UINT32_MAX),
    UINT(job, track_id, 1, ID_MAX),
    UINT(job, class_id, 1, ID_MAX),
    TEXT(job, track_name, 1),
    TEXT(job, content_hash, 0),
    UINT(job, issued_at_ms, 0, TIME_MAX),
    UINT(job, lease_ms, 1, DAY_MS),
};
static const struct protocol_field page_fields[] = {
    UINT(page, lease, 1, SAFE_INTEGER_MAX),
    UINT(page, page, 1, PROTOCOL_PAGES_MAX),
};
static const struct protocol_field result_fields[] = {
    TEXT(result, worker, 1),
    UINT(result, lease, 1, SAFE_INTEGER_MAX),
    UINT(result, attempt, 1, UINT32_MAX),
    UINT(result, track_id, 1, ID_MAX),
    UINT(result, class_id, 1, ID_MAX),
    ENUM(result, outcome, outcome_strings),
    ENUM(result, failure, failure_strings),
    TEXT(result, problem, 0),
    UINT(result, http_status, 0, 999),
    UINT(result, retry_after_ms, 0, YEAR_MS),
    UINT(result, pages, 0, PROTOCOL_PAGES_MAX),
    UINT(result, requests, 0, 10 * PROTOCOL_PAGES_MAX),
    UINT(result, entries, 0, UINT32_MAX),
    UINT(result, rejected, 0, UINT32_MAX),
    UINT(result, bytes, 0, SAFE_INTEGER_MAX),
    UINT(result, duration_ms, 0, YEAR_MS),
    UINT(result, latency_ms, 0, YEAR_MS),
    TEXT(result, content_hash, 0),
    FLAG(result, ready),
};
static const struct protocol_field ack_fields[] = {
    LEASES(ack, leases),
    ENUM(ack, verdict, verdict_strings),
};
static const struct protocol_field heartbeat_fields[] = {
    UINT(heartbeat, lease, 0, SAFE_INTEGER_MAX),
    UINT(heartbeat, page, 0, PROTOCOL_PAGES_MAX),
    UINT(heartbeat, jobs, 0, SAFE_INTEGER_MAX),
    UINT(heartbeat, rss_kb, 0, SAFE_INTEGER_MAX),
};
static const struct protocol_field retire_fields[] = {TEXT(retire, reason, 1)};
static const struct protocol_field bye_fields[] = {ENUM(bye, reason, bye_strings)};
static const struct protocol_field rules_fields[] = {
    ENUM(rules, outcome, robots_outcome_strings),
    FLAG(rules, allowed),
    UINT(rules, crawl_delay_ms, 0, DAY_MS),
    ENUM(rules, failure, failure_strings),
    TEXT(rules, problem, 0),
    UINT(rules, http_status, 0, 999),
    UINT(rules, retry_after_ms, 0, YEAR_MS),
    UINT(rules, requests, 0, PROTOCOL_ROBOTS_REQUESTS_MAX),
};

_Static_assert(COUNT(result_fields) <= PROTOCOL_FIELDS_MAX && COUNT(welcome_fields) <= PROTOCOL_FIELDS_MAX,
    "the two with the most fields");

const struct protocol_layout protocol_layouts[MESSAGE_TYPES] = {
    [MESSAGE_HELLO] = {hello_fields, COUNT(hello_fields)},
    [MESSAGE_WELCOME] = {welcome_fields, COUNT(welcome_fields)},
    [MESSAGE_REFUSE] = {refuse_fields, COUNT(refuse_fields)},
    [MESSAGE_READY] = {NULL, 0},
    [MESSAGE_JOB] = {job_fields, COUNT(job_fields)},
    [MESSAGE_MORE] = {page_fields, COUNT(page_fields)},
    [MESSAGE_GRANT] = {page_fields, COUNT(page_fields)},
    [MESSAGE_RESULT] = {result_fields, COUNT(result_fields)},
    [MESSAGE_ACK] = {ack_fields, COUNT(ack_fields)},
    [MESSAGE_HEARTBEAT] = {heartbeat_fields, COUNT(heartbeat_fields)},
    [MESSAGE_RETIRE] = {retire_fields, COUNT(retire_fields)},
    [MESSAGE_BYE] = {bye_fields, COUNT(bye_fields)},
    [MESSAGE_ROBOTS] = {NULL, 0},
    [MESSAGE_RULES] = {rules_fields, COUNT(rules_fields)},
};

/* ---- encoding ---- */

static void encode_leases(struct json_writer *json, const struct protocol_leases *leases)
{
    if (leases->count < 1 || leases->count > PROTOCOL_LEASES_MAX)
        log_bug("protocol: %u leases in a message", leases->count);
    json_array_begin(json);
    for (uint32_t i = 0; i < leases->count; i++)
        json_uint(json, leases->ids[i]);
    json_array_end(json);
}

/* Mending makes a string longer, which the other side would refuse for that. */
static void encode_text(struct json_writer *json, struct text text, uint32_t most)
{
    struct buffer mended = buffer_make((size_t)3 * PROTOCOL_FRAME_MAX); /* U+FFFD has three bytes */
    if (!unicode_is_valid(text)) {
        unicode_append_repaired(&mended, text);
        text = (struct text){(const char *)mended.data, (uint32_t)mended.length};
    }
    json_text(json, unicode_truncate(text, most));
    buffer_free(&mended);
}

static void encode_field(
    struct json_writer *json, const struct protocol_field *field, const struct message *message)
{
    const void *at = (const char *)message + field->offset;
    json_key(json, field->name);
    switch (field->kind) {
    case FIELD_UINT: {
        uint64_t value;
        memcpy(&value, at, sizeof value);
        if (value < field->min || value > field->max)
            log_bug("protocol: %s of %s is %llu", field->name, protocol_type_strings[message->type],
                (unsigned long long)value);
        json_uint(json, value);
        break;
    }
    case FIELD_BOOL:
        json_bool(json, *(const bool *)at);
        break;
    case FIELD_TEXT:
        encode_text(json, (struct text){at, (uint32_t)strnlen(at, field->max)}, (uint32_t)field->max - 1);
        break;
    case FIELD_ENUM: {
        unsigned value;
        memcpy(&value, at, sizeof value);
        if (value >= field->string_count)
            log_bug("protocol: %s of %s is %u", field->name, protocol_type_strings[message->type], value);
        json_string(json, field->strings[value]);
        break;
    }
    case FIELD_LEASES:
        encode_leases(json, at);
        break;
    }
}

void protocol_encode(const struct message *message, struct buffer *out)
{
    if (message->type >= MESSAGE_TYPES)
        log_bug("protocol: message type %u", (unsigned)message->type);
    struct json_writer json = json_writer_make(out);
    json_object_begin(&json);
    json_key(&json, "v");
    json_uint(&json, PROTOCOL_VERSION);
    json_key(&json, "type");
    json_string(&json, protocol_type_strings[message->type]);
    for (size_t i = 0; i < protocol_layouts[message->type].count; i++)
        encode_field(&json, &protocol_layouts[message->type].fields[i], message);
    json_object_end(&json);
}

/* ---- hashes ---- */

void protocol_hash_to_hex(const uint8_t hash[static RECORD_HASH_SIZE], char out[static PROTOCOL_HASH_SIZE])
{
    static const char hex[] = "0123456789abcdef";
    for (int i = 0; i < RECORD_HASH_SIZE; i++) {
        out[2 * i] = hex[hash[i] >> 4];
        out[2 * i + 1] = hex[hash[i] & 15];
    }
    out[2 * RECORD_HASH_SIZE] = 0;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool protocol_hash_from_hex(const char *hex, uint8_t hash[static RECORD_HASH_SIZE])
{
    if (strlen(hex) != 2 * RECORD_HASH_SIZE)
        return false;
    for (int i = 0; i < RECORD_HASH_SIZE; i++) {
        int high = hex_digit(hex[2 * i]), low = hex_digit(hex[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        hash[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}
