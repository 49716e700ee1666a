#include "tests/unit/unit.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "common/fault_trace.h"

static cJSON *line_of(FILE *file)
{
    char line[2048];
    assert_non_null(fgets(line, sizeof line, file));
    cJSON *root = cJSON_Parse(line);
    assert_non_null(root);
    return root;
}

static const char *string_in(const cJSON *root, const char *key)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, key));
}

static double number_in(const cJSON *root, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(root, key);
    assert_true(cJSON_IsNumber(item));
    return item->valuedouble;
}

static void test_lines_are_objects(void **state)
{
    (void)state;
    char folder[64], path[128];
    unit_make_folder(folder);
    assert_true(snprintf(path, sizeof path, "%s/trace", folder) > 0);
    fault_trace_open("r3e-test", path);
    errno = EDOM;
    FAULT_TRACE("job", "lease=%" PRIu64 " hash=%s name=%s", (uint64_t)1 << 40,
        "00000000000000000000000000000012", "w1");
    FAULT_TRACE("other", "zero=%d padded=%s empty=%s", 0, "007", "");
    assert_int_equal(errno, EDOM);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    cJSON *job = line_of(file), *other = line_of(file);
    fclose(file);
    assert_string_equal(string_in(job, "program"), "r3e-test");
    assert_string_equal(string_in(job, "event"), "job");
    assert_true(number_in(job, "pid") == getpid() && number_in(job, "us") > 0);
    assert_true(number_in(job, "lease") == 0x1p40);
    assert_string_equal(string_in(job, "hash"), "00000000000000000000000000000012");
    assert_string_equal(string_in(job, "name"), "w1");
    assert_true(number_in(other, "zero") == 0);
    assert_string_equal(string_in(other, "padded"), "007");
    assert_string_equal(string_in(other, "empty"), "");
    cJSON_Delete(job);
    cJSON_Delete(other);
    assert_int_equal(unlink(path), 0);
    unit_remove_folder(folder);
}

static void test_without_a_file_nothing_is_written(void **state)
{
    (void)state;
    fault_trace_open("r3e-test", NULL);
    errno = EDOM;
    FAULT_TRACE("job", "lease=%d", 1);
    assert_int_equal(errno, EDOM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines_are_objects),
        cmocka_unit_test(test_without_a_file_nothing_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
