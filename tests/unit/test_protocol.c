#include "tests/unit/unit.h"

#include <string.h>

#include <stdlib.h>

#include <cjson/cJSON.h>

#include "common/protocol.h"

/* Static, since they are compared byte by byte: what lies between the fields is zero there alone. */
static const struct message samples[MESSAGE_TYPES] = {
    [MESSAGE_HELLO] = {.hello = {"0.1.0", "host \"ö\"", 4711, 1234567, 7}},
    [MESSAGE_WELCOME] = {.welcome = {.version = "0.1.0",
                             .worker = "w1",
                             .results = "ipc:///r",
                             .base_url = "https://h",
                             .user_agent = "u",
                             .page_size = 1500,
                             .max_pages = 100,
                             .connect_timeout_ms = 10000,
                             .timeout_ms = 120000,
                             .max_response_bytes = 67108864,
                             .session = true,
                             .heartbeat_ms = 2000,
                             .max_jobs = 200,
                             .max_age_ms = 3600000,
                             .max_rss_kb = 65536,
                             .lease = 7}},
    [MESSAGE_REFUSE] = {.refuse = {"no"}},
    [MESSAGE_JOB] = {.job = {.lease = (UINT64_C(1) << 32) + 1,
                         .attempt = 1,
                         .track_id = 1671,
                         .class_id = 1703,
                         .track_name = "Monza",
                         .content_hash = "",
                         .issued_at_ms = 1767434400000,
                         .lease_ms = 20000}},
    [MESSAGE_MORE] = {.page = {7, 1}},
    [MESSAGE_GRANT] = {.page = {7, 1}},
    [MESSAGE_RESULT] = {.result = {.worker = "w1",
                            .lease = 7,
                            .attempt = 1,
                            .track_id = 1,
                            .class_id = 2,
                            .outcome = OUTCOME_FAILED,
                            .failure = FAILURE_HTTP_STATUS,
                            .problem = "HTTP \x01 503",
                            .http_status = 503,
                            .retry_after_ms = 7000,
                            .pages = 1,
                            .requests = 1}},
    [MESSAGE_ACK] = {.ack = {{2, {7, 9}}, VERDICT_DUPLICATE}},
    [MESSAGE_HEARTBEAT] = {.heartbeat = {7, 3, 12, 9000}},
    [MESSAGE_RETIRE] = {.retire = {"drain"}},
    [MESSAGE_BYE] = {.bye = {BYE_MAX_RSS}},
    [MESSAGE_RULES] = {.rules = {.outcome = ROBOTS_OUTCOME_UNREACHABLE,
                           .crawl_delay_ms = 500,
                           .failure = FAILURE_HTTP_STATUS,
                           .problem = "HTTP status 503",
                           .http_status = 503,
                           .retry_after_ms = 60000,
                           .requests = 2}},
};

static struct message sample(enum message_type type)
{
    struct message message;
    memcpy(&message, &samples[type], sizeof message);
    message.type = type;
    return message;
}

static char *encode(const struct message *message)
{
    struct buffer out = buffer_make(PROTOCOL_FRAME_MAX);
    protocol_encode(message, &out);
    assert_false(out.overflowed);
    char *text = strdup(buffer_string(&out));
    buffer_free(&out);
    return text;
}

static void every_message_survives_the_wire(void **state)
{
    (void)state;
    char problem[PROTOCOL_PROBLEM_SIZE];
    for (int type = 0; type < MESSAGE_TYPES; type++) {
        struct message sent = sample((enum message_type)type), received;
        char *text = encode(&sent);
        if (!protocol_decode(text, strlen(text), &received, problem))
            fail_msg("%s: %s", text, problem);
        assert_memory_equal(&sent, &received, sizeof sent);
        free(text);
    }
}

/* Encodes the sample of a type with one field replaced (NULL: removed) and decodes it. */
static bool decodes_with(enum message_type type, const char *field, cJSON *value, char *problem)
{
    struct message message = sample(type);
    char *text = encode(&message);
    cJSON *root = cJSON_Parse(text);
    cJSON_DeleteItemFromObjectCaseSensitive(root, field);
    if (value)
        cJSON_AddItemToObject(root, field, value);
    char *changed = cJSON_PrintUnformatted(root);
    bool ok = protocol_decode(changed, strlen(changed), &message, problem);
    free(changed);
    free(text);
    cJSON_Delete(root);
    return ok;
}

/* Every field of every message: missing, of another type, out of range. */
static void every_field_is_checked(void **state)
{
    (void)state;
    char problem[PROTOCOL_PROBLEM_SIZE];
    int fields = 0;
    for (int type = 0; type < MESSAGE_TYPES; type++) {
        struct message message = sample((enum message_type)type);
        char *text = encode(&message);
        cJSON *root = cJSON_Parse(text);
        for (const cJSON *item = root->child; item; item = item->next) {
            const char *name = item->string;
            fields++;
            assert_false(decodes_with((enum message_type)type, name, NULL, problem));
            assert_true(strlen(problem) > 0);
            assert_false(decodes_with((enum message_type)type, name, cJSON_CreateArray(), problem));
            assert_false(decodes_with((enum message_type)type, name, cJSON_CreateNull(), problem));
            assert_false(decodes_with((enum message_type)type, name, cJSON_CreateNumber(-1), problem));
            assert_false(decodes_with((enum message_type)type, name, cJSON_CreateNumber(1e300), problem));
            assert_false(decodes_with((enum message_type)type, name, cJSON_CreateNumber(1.5), problem));
            if (cJSON_IsString(item)) {
                char *text_long = malloc(1000);
                memset(text_long, 'x', 999);
                text_long[999] = 0;
                assert_false(
                    decodes_with((enum message_type)type, name, cJSON_CreateString(text_long), problem));
                free(text_long);
            }
        }
        cJSON_Delete(root);
        free(text);
    }
    assert_in_range(fields, 60, 200);
}

static void unknown_fields_are_ignored(void **state)
{
    (void)state;
    char problem[PROTOCOL_PROBLEM_SIZE];
    assert_true(decodes_with(MESSAGE_READY, "later", cJSON_CreateString("x"), problem));
}

static void another_version_is_refused_by_name(void **state)
{
    (void)state;
    char problem[PROTOCOL_PROBLEM_SIZE];
    assert_false(decodes_with(MESSAGE_READY, "v", cJSON_CreateNumber(2), problem));
    assert_non_null(strstr(problem, "version 2"));
}

static void garbage_is_refused(void **state)
{
    (void)state;
    static const char *const garbage[] = {"", "{", "[]", "null", "{}", "{\"v\":1}",
        "{\"v\":1,\"type\":\"x\"}", "{\"v\":1,\"type\":7}", "\xff\xfe", "GET / HTTP/1.1\r\n",
        "{\"v\":1,\"type\":\"ack\",\"leases\":1}", "{\"v\":1,\"type\":\"ack\",\"leases\":[]}",
        "{\"v\":1,\"type\":\"ack\",\"leases\":[\"1\"]}", "{\"v\":1,\"type\":\"ack\",\"leases\":[1,0]}"};
    char problem[PROTOCOL_PROBLEM_SIZE];
    struct message message;
    for (size_t i = 0; i < sizeof garbage / sizeof *garbage; i++)
        assert_false(protocol_decode(garbage[i], strlen(garbage[i]), &message, problem));
    static char large[PROTOCOL_FRAME_MAX + 1];
    assert_false(protocol_decode(large, sizeof large, &message, problem));
    assert_non_null(strstr(problem, "8193"));
}

static void every_truncation_is_refused(void **state)
{
    (void)state;
    char problem[PROTOCOL_PROBLEM_SIZE];
    struct message message = sample(MESSAGE_RESULT), received;
    char *text = encode(&message);
    for (size_t length = 0; length < strlen(text); length++)
        assert_false(protocol_decode(text, length, &received, problem));
    free(text);
}

static void nothing_may_follow(void **state)
{
    (void)state;
    static const char text[] = "{\"v\":1,\"type\":\"ready\"} \n\t{}";
    char problem[PROTOCOL_PROBLEM_SIZE];
    struct message message;
    assert_true(protocol_decode(text, sizeof text - 3, &message, problem)); /* white space */
    assert_false(protocol_decode(text, sizeof text - 2, &message, problem));
    assert_false(protocol_decode(text, sizeof text - 1, &message, problem));
    assert_false(protocol_decode(text, sizeof text, &message, problem));
    assert_string_equal(problem, "control frame is not JSON");
}

static void strings_have_no_nul(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool right;
    } cases[] = {{"a", true}, {"a\\u0000", false}, {"\\u0000", false}, {"a\\\\u0000", true},
        {"\\\\\\u0000", false}, {"\\u0001", true}};
    char problem[PROTOCOL_PROBLEM_SIZE], text[200];
    struct message message;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int length = snprintf(text, sizeof text,
            "{\"v\":1,\"type\":\"hello\",\"process\":1,\"job\":0,\"version\":\"1\",\"host\":\"%s\",\"pid\":"
            "1}",
            cases[i].text);
        if (protocol_decode(text, (size_t)length, &message, problem) != cases[i].right)
            fail_msg("%s", text);
        text[length - 20] = '\0'; /* a byte of it, in a string */
        assert_false(protocol_decode(text, (size_t)length, &message, problem));
    }
}

static void strings_are_utf_8(void **state)
{
    (void)state;
    static const char *const broken[] = {"\xff", "a\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80"};
    char problem[PROTOCOL_PROBLEM_SIZE], text[200];
    struct message message;
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        int length = snprintf(text, sizeof text,
            "{\"v\":1,\"type\":\"hello\",\"process\":1,\"job\":0,\"version\":\"1\",\"host\":\"%s\",\"pid\":"
            "1}",
            broken[i]);
        assert_false(protocol_decode(text, (size_t)length, &message, problem));
        assert_string_equal(problem, "field host: not UTF-8");
    }
}

/* Found by the fuzzer: mending made a string longer than the other side takes. */
static void a_mended_string_still_fits(void **state)
{
    (void)state;
    struct message message = sample(MESSAGE_RETIRE), received;
    char problem[PROTOCOL_PROBLEM_SIZE];
    memset(message.retire.reason, 0x90, sizeof message.retire.reason - 1);
    char *text = encode(&message);
    assert_true(protocol_decode(text, strlen(text), &received, problem));
    assert_int_equal(strlen(received.retire.reason), (sizeof message.retire.reason - 1) / 3 * 3);
    assert_memory_equal(received.retire.reason, "\xef\xbf\xbd\xef\xbf\xbd", 6);
    free(text);
}

static void hashes_go_to_hex_and_back(void **state)
{
    (void)state;
    uint8_t hash[RECORD_HASH_SIZE], back[RECORD_HASH_SIZE];
    char hex[PROTOCOL_HASH_SIZE];
    for (int i = 0; i < RECORD_HASH_SIZE; i++)
        hash[i] = (uint8_t)(i * 17);
    protocol_hash_to_hex(hash, hex);
    assert_string_equal(hex, "00112233445566778899aabbccddeeff");
    assert_true(protocol_hash_from_hex(hex, back));
    assert_memory_equal(hash, back, sizeof hash);
    assert_false(protocol_hash_from_hex("", back));
    assert_false(protocol_hash_from_hex("00112233445566778899aabbccddeefg", back));
    assert_false(protocol_hash_from_hex("00112233445566778899AABBCCDDEEFF", back));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_message_survives_the_wire),
        cmocka_unit_test(every_field_is_checked),
        cmocka_unit_test(unknown_fields_are_ignored),
        cmocka_unit_test(another_version_is_refused_by_name),
        cmocka_unit_test(garbage_is_refused),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(nothing_may_follow),
        cmocka_unit_test(strings_have_no_nul),
        cmocka_unit_test(strings_are_utf_8),
        cmocka_unit_test(a_mended_string_still_fits),
        cmocka_unit_test(hashes_go_to_hex_and_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
