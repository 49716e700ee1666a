#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "common/log.h"

/* Logs one warning and returns the line it made on standard error. */
static const char *line_of(const char *message, enum log_format format, bool journal)
{
    static char line[8192];
    int ends[2];
    int saved = dup(STDERR_FILENO);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
    close(ends[1]);
    if (journal)
        setenv("JOURNAL_STREAM", "1:2", 1);
    else
        unsetenv("JOURNAL_STREAM");
    log_open("r3e-test", LOG_LEVEL_INFO, format);
    errno = EDOM;
    log_debug("not shown");
    log_warn("%s", message);
    int code = errno;
    assert_true(dup2(saved, STDERR_FILENO) >= 0);
    close(saved);
    ssize_t length = read(ends[0], line, sizeof line - 1);
    close(ends[0]);
    assert_true(length > 0);
    line[length] = 0;
    assert_int_equal(code, EDOM);
    assert_ptr_equal(strchr(line, '\n'), line + length - 1); /* one line, whatever was in the message */
    return line;
}

static void text_has_time_and_level(void **state)
{
    (void)state;
    const char *line = line_of("something odd", LOG_FORMAT_TEXT, false);
    assert_non_null(strstr(line, " warn  r3e-test["));
    assert_non_null(strstr(line, "]: something odd\n"));
    assert_int_equal(line[10], 'T');
}

static void the_journal_gets_a_priority_and_no_time(void **state)
{
    (void)state;
    assert_string_equal(line_of("odd", LOG_FORMAT_TEXT, true), "<4>r3e-test: odd\n");
}

static void input_cannot_forge_lines(void **state)
{
    (void)state;
    assert_non_null(strstr(line_of("a\nfatal b\x1b[2J", LOG_FORMAT_TEXT, false), "]: a?fatal b?[2J\n"));
}

static void json_lines_are_json(void **state)
{
    (void)state;
    cJSON *root = cJSON_Parse(line_of("say \"x\\y\"\n\ttab", LOG_FORMAT_JSON, true));
    assert_non_null(root);
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(root, "message")), "say \"x\\y\"\n\ttab");
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(root, "level")), "warn");
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(root, "program")), "r3e-test");
    assert_int_equal(cJSON_GetObjectItem(root, "pid")->valueint, getpid());
    cJSON_Delete(root);
}

static void long_messages_are_cut(void **state)
{
    (void)state;
    static char message[5000];
    memset(message, '"', sizeof message - 1);
    cJSON *root = cJSON_Parse(line_of(message, LOG_FORMAT_JSON, false));
    assert_non_null(root);
    assert_int_equal(strlen(cJSON_GetStringValue(cJSON_GetObjectItem(root, "message"))), 1000);
    cJSON_Delete(root);
}

static void levels_have_names(void **state)
{
    (void)state;
    enum log_level level;
    for (int wanted = LOG_LEVEL_DEBUG; wanted <= LOG_LEVEL_ERROR; wanted++) {
        assert_true(log_level_from_string(log_level_string((enum log_level)wanted), &level));
        assert_int_equal(level, wanted);
    }
    assert_false(log_level_from_string("fatal", &level));
    assert_false(log_level_from_string("", &level));
    assert_string_equal(log_format_string(LOG_FORMAT_JSON), "json");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_has_time_and_level),
        cmocka_unit_test(the_journal_gets_a_priority_and_no_time),
        cmocka_unit_test(input_cannot_forge_lines),
        cmocka_unit_test(json_lines_are_json),
        cmocka_unit_test(long_messages_are_cut),
        cmocka_unit_test(levels_have_names),
    };
    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
