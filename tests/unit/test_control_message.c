#include "tests/unit/unit.h"

#include <string.h>

#include "common/control_message.h"

static bool decode(const char *json, struct control_request *request, char problem[CONTROL_PROBLEM_SIZE])
{
    return control_request_decode(json, strlen(json), request, problem);
}

static void every_command_comes_back_as_it_was_sent(void **state)
{
    (void)state;
    static struct control_request sent, got;
    char problem[CONTROL_PROBLEM_SIZE];
    for (unsigned i = 0; i < CONTROL_COMMAND_COUNT; i++) {
        sent = (struct control_request){.command = (enum control_command)i};
        if (i == CONTROL_WHY || i == CONTROL_BOARD || i == CONTROL_RELEASE || i == CONTROL_REFRESH) {
            sent.target_count = 1;
            memcpy(sent.targets[0], "1671-1703", sizeof "1671-1703");
        }
        if (i == CONTROL_PAUSE) {
            sent.for_s = 60;
            memcpy(sent.reason, "the \"service\" asked", sizeof "the \"service\" asked");
        }
        if (i == CONTROL_EXPORT)
            sent.run = 7;
        if (i == CONTROL_FAILED || i == CONTROL_NAMES)
            sent.from = 9;
        struct buffer frame = buffer_make(CONTROL_REQUEST_MAX);
        assert_true(control_request_encode(&sent, &frame));
        assert_true(control_request_decode(frame.data, frame.length, &got, problem));
        assert_memory_equal(&sent, &got, sizeof sent);
        buffer_free(&frame);
    }
}

static void a_request_that_is_too_long_is_not_sent(void **state)
{
    (void)state;
    static struct control_request request = {.command = CONTROL_REFRESH, .target_count = CONTROL_TARGETS_MAX};
    for (unsigned i = 0; i < CONTROL_TARGETS_MAX; i++)
        memset(request.targets[i], 'x', CONTROL_TARGET_SIZE - 1);
    struct buffer frame = buffer_make(CONTROL_REQUEST_MAX);
    assert_false(control_request_encode(&request, &frame));
    buffer_free(&frame);
}

#define COMMAND(rest) "{\"v\":1,\"type\":\"command\"," rest "}"

static void what_is_wrong_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *json, *problem;
    } cases[] = {
        {"", "not JSON"},
        {"null", "\"type\":\"command\""},
        {"[]", "\"type\":\"command\""},
        {"{\"v\":2,\"type\":\"command\",\"command\":\"resume\"}", "same release"},
        {"{\"v\":1,\"type\":\"reply\",\"command\":\"resume\"}", "same release"},
        {COMMAND("\"command\":7"), "unknown command \"\""},
        {COMMAND("\"command\":\"format\""), "unknown command \"format\""},
        {COMMAND("\"command\":\"resume\",\"targets\":[\"1\"]"), "resume takes at most 0"},
        {COMMAND("\"command\":\"resume\",\"for_s\":1"), "field for_s: resume does not take it"},
        {COMMAND("\"command\":\"resume\",\"run\":1"), "field run: resume does not take it"},
        {COMMAND("\"command\":\"why\""), "why needs at least 1"},
        {COMMAND("\"command\":\"why\",\"targets\":\"1-2\""), "a list is wanted"},
        {COMMAND("\"command\":\"why\",\"targets\":[\"1-2\",\"1-3\"]"), "why takes at most 1"},
        {COMMAND("\"command\":\"why\",\"targets\":[12]"), "a string is wanted"},
        {COMMAND("\"command\":\"why\",\"targets\":[\"\"]"), "0 bytes long"},
        {COMMAND("\"command\":\"why\",\"targets\":[\"1\\u001b[31m\"]"), "control characters"},
        {COMMAND("\"command\":\"pause\",\"for_s\":0"), "from 1 to 31536000"},
        {COMMAND("\"command\":\"pause\",\"for_s\":1.5"), "from 1 to 31536000"},
        {COMMAND("\"command\":\"pause\",\"for_s\":1e300"), "from 1 to 31536000"},
        {COMMAND("\"command\":\"pause\",\"reason\":null"), "a string is wanted"},
    };
    static struct control_request request;
    char problem[CONTROL_PROBLEM_SIZE];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_false(decode(cases[i].json, &request, problem));
        if (!strstr(problem, cases[i].problem))
            fail_msg("%s: %s", cases[i].json, problem);
    }
    static char large[CONTROL_REQUEST_MAX + 1];
    assert_false(control_request_decode(large, sizeof large, &request, problem));
    assert_non_null(strstr(problem, "8193 bytes"));
}

static void fields_of_a_later_release_are_ignored(void **state)
{
    (void)state;
    static struct control_request request;
    char problem[CONTROL_PROBLEM_SIZE];
    assert_true(decode(COMMAND("\"command\":\"refresh\",\"colour\":\"red\""), &request, problem));
    assert_int_equal(request.target_count, 0);
}

static void a_reply_comes_back(void **state)
{
    (void)state;
    struct control_reply sent = {.code = CONTROL_CODE_PARTLY, .run = 3, .pending = true}, got;
    memcpy(sent.text, "some were \"good\"", sizeof "some were \"good\"");
    struct buffer frame = buffer_make(CONTROL_REPLY_MAX);
    control_reply_encode(&sent, (struct text){"{\"a\":1}", 7}, &frame);
    assert_true(control_reply_decode(frame.data, frame.length, &got));
    assert_int_equal(got.code, CONTROL_CODE_PARTLY);
    assert_int_equal(got.run, 3);
    assert_true(got.pending);
    assert_string_equal(got.text, sent.text);
    assert_non_null(strstr(buffer_string(&frame), "\"details\":{\"a\":1}"));
    buffer_free(&frame);
}

static void what_is_no_reply_is_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {"", "{}", "[]", "{\"v\":1,\"type\":\"command\",\"command\":\"why\"}",
        "{\"v\":1,\"type\":\"reply\",\"code\":0}", "{\"v\":1,\"type\":\"reply\",\"code\":4,\"text\":\"\"}",
        "{\"v\":1,\"type\":\"reply\",\"code\":-1,\"text\":\"\"}",
        "{\"v\":1,\"type\":\"reply\",\"code\":0,\"text\":\"\\n\"}",
        "{\"v\":2,\"type\":\"reply\",\"code\":0,\"text\":\"\"}"};
    struct control_reply reply;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_false(control_reply_decode(cases[i], strlen(cases[i]), &reply));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_command_comes_back_as_it_was_sent),
        cmocka_unit_test(a_request_that_is_too_long_is_not_sent),
        cmocka_unit_test(what_is_wrong_is_named),
        cmocka_unit_test(fields_of_a_later_release_are_ignored),
        cmocka_unit_test(a_reply_comes_back),
        cmocka_unit_test(what_is_no_reply_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
