#include "common/config.h"

#include <string.h>

#include "common/config_table.h"
#include "common/config_value.h"
#include "common/version.h"
#include "tests/unit/unit.h"

static const char *const required[] = {"store.dir=/s", "public.dir=/p"};

static void load(
    struct config *config, const char *path, const char *const *overrides, size_t count, const char *expected)
{
    struct config_problems problems = config_problems_make();
    bool loaded = config_load(config, path, overrides, count, &problems);
    const char *text = buffer_string(&problems.text);
    if (!expected && !loaded)
        fail_msg("unexpected problems: %s", text);
    if (expected && (loaded || !strstr(text, expected)))
        fail_msg("expected \"%s\", got \"%s\"", expected, text);
    config_problems_free(&problems);
}

/* What config_print writes; the caller frees it. */
static char *print(const struct config *config)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    assert_non_null(stream);
    config_print(config, stream);
    assert_int_equal(fclose(stream), 0);
    return text;
}

static void test_defaults(void **state)
{
    (void)state;
    struct config config;
    load(&config, NULL, required, 2, NULL);
    assert_string_equal(config.upstream.base_url, "https://game.raceroom.com");
    assert_non_null(strstr(config.upstream.user_agent, "r3e-leaderboard/" R3E_VERSION " (+https://"));
    assert_int_equal(config.upstream.page_size, 1500);
    assert_int_equal(config.upstream.max_pages, 100);
    assert_true(config.politeness.rate_per_s == 4.0);
    assert_int_equal(config.politeness.burst, 8);
    assert_int_equal(config.politeness.max_in_flight, 6);
    assert_true(config.politeness.robots && config.politeness.respect_retry_after);
    assert_int_equal(config.store.map_size_mb, 4096);
    assert_int_equal(config.publish.layouts, CONFIG_LAYOUT_FLAT | CONFIG_LAYOUT_SHARDED);
    assert_int_equal(config.refresh.daily_at, 4 * 60 + 45);
    assert_string_equal(config.refresh.trigger_file, "/s/refresh_now");
    assert_int_equal(config.workers.local, 4);
    assert_string_equal(config.sockets.jobs, "ipc:///s/jobs.sock");
    assert_string_equal(config.sockets.results, "ipc:///s/results.sock");
    assert_string_equal(config.sockets.status, "ipc:///s/status.sock");
    assert_string_equal(config.sockets.control, "ipc:///s/control.sock");
    assert_false(config.security.allow_insecure);
    assert_int_equal(config.log.level, LOG_LEVEL_INFO);
    assert_int_equal(config.log.format, LOG_FORMAT_TEXT);
    config_free(&config);
}

static void test_required(void **state)
{
    (void)state;
    struct config config;
    load(&config, NULL, required, 1, "public.dir: missing");
    config_free(&config);
    load(&config, NULL, required + 1, 1, "store.dir: missing");
    config_free(&config);
}

/* Both ends of every number's range are allowed, what lies beyond is not. */
static void test_ranges(void **state)
{
    (void)state;
    struct config config;
    config_defaults(&config);
    size_t numbers = 0;
    for (size_t i = 0; i < CONFIG_KEY_COUNT; i++) {
        const struct config_key *key = &config_keys[i];
        if (key->type != CONFIG_INT && key->type != CONFIG_DOUBLE)
            continue;
        const double values[] = {key->min, key->max, key->min - 1, key->max + 1};
        for (size_t j = 0; j < 4; j++) {
            char text[40];
            char why[CONFIG_WHY_SIZE] = "";
            assert_true(snprintf(text, sizeof(text), "%.0f", values[j]) > 0);
            assert_int_equal(config_value_from_text(&config, key, text, NULL, why), j < 2);
            if (j >= 2)
                assert_non_null(strstr(why, "out of range; allowed: "));
        }
        numbers++;
    }
    assert_true(numbers > 20);
    config_free(&config);
}

static void test_text_forms(void **state)
{
    (void)state;
    static const struct {
        const char *group, *name, *text;
        bool right;
    } cases[] = {
        {"politeness", "burst", "", false},
        {"politeness", "burst", " 1", false},
        {"politeness", "burst", "1 ", false},
        {"politeness", "burst", "0x10", false},
        {"politeness", "burst", "1.0", false},
        {"politeness", "burst", "99999999999999999999", false},
        {"politeness", "rate_per_s", "0.5", true},
        {"politeness", "rate_per_s", "2", true},
        {"politeness", "rate_per_s", "nan", false},
        {"politeness", "rate_per_s", "inf", false},
        {"politeness", "rate_per_s", "-1", false},
        {"politeness", "rate_per_s", "0x1p1", false},
        {"politeness", "robots", "FALSE", true},
        {"politeness", "robots", "1", false},
        {"refresh", "daily_at", "", true},
        {"refresh", "daily_at", "00:00", true},
        {"refresh", "daily_at", "23:59", true},
        {"refresh", "daily_at", "24:00", false},
        {"refresh", "daily_at", "12:60", false},
        {"refresh", "daily_at", "1:30", false},
        {"refresh", "daily_at", "12:3O", false},
        {"public", "layouts", "flat", true},
        {"public", "layouts", "sharded,flat", true},
        {"public", "layouts", "flat,flat", false},
        {"public", "layouts", "", false},
        {"public", "layouts", "flat,,sharded", false},
        {"public", "layouts", "round", false},
        {"log", "level", "fatal", false},
        {"upstream", "base_url", "http://127.0.0.1:8099/x/", true},
        {"upstream", "base_url", "https://", false},
        {"upstream", "base_url", "https://a?b", false},
        {"upstream", "base_url", "https://user@a", false},
        {"upstream", "base_url", "file:///etc/passwd", false},
        {"upstream", "user_agent", "a\r\nX-Evil: 1", false},
        {"upstream", "user_agent", "caf\xc3\xa9", false},
        {"store", "dir", "", false},
        {"store", "dir", "/a\xff", false},
        {"store", "dir", "/\xc3\xa9", true},
        {"http", "listen", "127.0.0.1:8080", true},
        {"http", "listen", "8080", false},
    };
    struct config config;
    config_defaults(&config);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char why[CONFIG_WHY_SIZE] = "";
        const struct config_key *key = config_find_key(cases[i].group, cases[i].name, strlen(cases[i].name));
        assert_non_null(key);
        if (config_value_from_text(&config, key, cases[i].text, "/f", why) != cases[i].right)
            fail_msg("%s.%s=%s: %s", cases[i].group, cases[i].name, cases[i].text, why);
        if (!cases[i].right)
            assert_non_null(strstr(why, "; allowed: "));
    }
    assert_string_equal(config.upstream.base_url, "http://127.0.0.1:8099/x");
    config_free(&config);
}

static void test_print_loads_again(void **state)
{
    (void)state;
    static const char *const overrides[] = {"upstream.base_url=http://127.0.0.1:8099/",
        "upstream.user_agent=a \"quoted\" back\\slash", "upstream.session=true", "politeness.rate_per_s=0.1",
        "politeness.robots=false", "store.dir=/s \xc3\xa9", "public.dir=relative/p", "public.layouts=sharded",
        "refresh.daily_at=", "refresh.trigger_file=t", "workers.local=0", "sockets.jobs=tcp://127.0.0.1:0",
        "sockets.results=ipc://r.sock", "security.server_key=k", "security.authorized_keys=a",
        "http.listen=127.0.0.1:0", "log.level=error", "log.format=json"};
    struct config config;
    load(&config, NULL, overrides, sizeof(overrides) / sizeof(overrides[0]), NULL);
    assert_int_equal(config.refresh.daily_at, CONFIG_DAILY_NEVER);
    assert_int_equal(config.publish.dir[0], '/');
    char *first = print(&config);
    config_free(&config);

    char folder[64];
    char path[128];
    unit_make_folder(folder);
    unit_write_file(folder, "printed.cfg", first, path);
    load(&config, path, NULL, 0, NULL);
    char *second = print(&config);
    assert_string_equal(first, second);
    config_free(&config);
    free(first);
    free(second);
    assert_int_equal(unlink(path), 0);
    unit_remove_folder(folder);
}

static void test_paths_are_relative_to_the_file(void **state)
{
    (void)state;
    char folder[64];
    char path[128];
    char expected[128];
    struct config config;
    unit_make_folder(folder);
    unit_write_file(folder, "c.cfg", "store : { dir = \"s/\"; }; public : { dir = \"p\"; };", path);
    load(&config, path, NULL, 0, NULL);
    assert_true(snprintf(expected, sizeof(expected), "%s/s", folder) > 0);
    assert_string_equal(config.store.dir, expected);
    assert_true(snprintf(expected, sizeof(expected), "%s/catalogue.cfg", folder) > 0);
    assert_string_equal(config.catalogue.file, expected);
    config_free(&config);
    assert_int_equal(unlink(path), 0);
    unit_remove_folder(folder);
}

/* The last override of a key counts, and overrides win over the file. */
static void test_override_order(void **state)
{
    (void)state;
    static const char *const overrides[] = {
        "store.dir=/s", "public.dir=/p", "politeness.burst=3", "politeness.burst=5"};
    struct config config;
    load(&config, NULL, overrides, 4, NULL);
    assert_int_equal(config.politeness.burst, 5);
    config_free(&config);
}

static void test_cross_checks(void **state)
{
    (void)state;
    static const struct {
        const char *override, *expected; /* NULL: right */
    } cases[] = {
        {"sockets.jobs=tcp://0.0.0.0:5555", "can be reached from other hosts"},
        {"sockets.jobs=tcp://127.0.0.1:5555", NULL},
        {"sockets.status=ipc:///s/jobs.sock", "is also sockets.jobs"},
        {"sockets.status=ipc:///s/control.sock",
            "sockets.control: \"ipc:///s/control.sock\" is also sockets.status"},
        {"security.server_key=k", "security.authorized_keys: missing"},
        {"security.authorized_keys=k", "security.server_key: missing"},
        {"http.listen=:8080", "can be reached from other hosts"},
        {"http.listen=[::1]:8080", NULL},
        {"upstream.timeout_s=5", "less than connect_timeout_s"},
        {"upstream.max_pages=101", "too many"},
        {"store.dir=/p/s", "lies inside public.dir"},
        {"store.dir=/p", "lies inside public.dir"},
        {"store.dir=/ps", NULL},
        {"public.dir=/s/p", NULL},
        {"hardening.memory_mb=256", NULL},
        {"workers.max_rss_mb=4096", "hardening.memory_mb: 2048 is less than workers.max_rss_mb"},
        {"exporter.max_rss_mb=4096", "less than exporter.max_rss_mb; allowed: 4096 or more"},
        {"upstream.base_url=http://host:0", "has a port that is no number"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *const overrides[] = {required[0], required[1], cases[i].override};
        struct config config;
        load(&config, NULL, overrides, 3, cases[i].expected);
        config_free(&config);
    }
}

/* control.sock and results.sock are the longest names: 107 - 12 - 1 bytes are left for the folder. */
static void test_socket_path_limit(void **state)
{
    (void)state;
    char override[10 + 95 + 1] = "store.dir=/";
    memset(override + 11, 'x', 94);
    const char *const overrides[] = {override, required[1]};
    struct config config;
    load(&config, NULL, overrides, 2, "1 bytes too long for the sockets");
    config_free(&config);
    override[sizeof(override) - 2] = '\0';
    load(&config, NULL, overrides, 2, NULL);
    config_free(&config);
}

static void test_exposure_with_keys_or_leave(void **state)
{
    (void)state;
    static const char *const keys[] = {"store.dir=/s", "public.dir=/p", "sockets.jobs=tcp://*:5555",
        "sockets.results=tcp://*:5556", "security.server_key=k", "security.authorized_keys=a"};
    const char *leave[] = {"store.dir=/s", "public.dir=/p", "sockets.jobs=tcp://*:5555",
        "sockets.results=tcp://*:5556", "http.listen=0.0.0.0:80", "security.allow_insecure=true"};
    struct config config;
    load(&config, NULL, keys, 6, NULL);
    assert_string_equal(config.local_sockets.jobs, "ipc:///s/jobs.sock");
    assert_string_equal(config.local_sockets.control, config.sockets.control);
    config_free(&config);
    load(&config, NULL, leave, 6, NULL);
    config_free(&config);
    leave[3] = "sockets.results=tcp://127.0.0.1:5556";
    load(&config, NULL, leave, 6, "workers there could not bring their results");
    config_free(&config);
}

static void test_nearest_names(void **state)
{
    (void)state;
    static const struct {
        const char *group, *name, *expected_group, *expected_name;
    } cases[] = {
        {"politeness", "rate", "politeness", "rate_per_s"},
        {"upstream", "tiemout_s", "upstream", "timeout_s"},
        {"exporter", "timeout", "exporter", "timeout_s"},
        {"store", "burst", "politeness", "burst"},
        {"workers", "max_rss", "workers", "max_rss_mb"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct config_key *key = config_nearest_key(cases[i].group, cases[i].name);
        assert_non_null(key);
        assert_string_equal(key->group, cases[i].expected_group);
        assert_string_equal(key->name, cases[i].expected_name);
    }
    assert_null(config_nearest_key("store", "completely_different"));
    assert_string_equal(config_nearest_group("politness")->name, "politeness");
    assert_null(config_nearest_group("zzzzzzzz"));
}

static void test_control_characters_do_not_forge_lines(void **state)
{
    (void)state;
    struct config_problems problems = config_problems_make();
    config_problems_add(&problems, "f", 1, "%s", "a\nb\x1b[31m");
    assert_string_equal(buffer_string(&problems.text), "f:1: a?b?[31m\n");
    buffer_clear(&problems.text);
    config_problems_add(&problems, "f", 1, "%s", "\xc3\xa9 \xc2\x9b \xff \xe2\x82");
    assert_string_equal(buffer_string(&problems.text), "f:1: \xc3\xa9 ?? ? ??\n");
    for (int i = 0; i < 3 * CONFIG_PROBLEMS_MAX; i++)
        config_problems_add(&problems, "f", 1, "x");
    assert_int_equal(problems.count, 3 * CONFIG_PROBLEMS_MAX + 2);
    assert_false(problems.text.overflowed);
    config_problems_free(&problems);
}

/* The shipped example is what the table says, to the byte, and loads. */
static void test_example_file(void **state)
{
    (void)state;
    const char *source = getenv("R3E_SOURCE");
    char path[4096];
    struct config config;
    if (!source)
        skip();
    assert_true(snprintf(path, sizeof(path), "%s/deploy/r3e-leaderboard.cfg", source) > 0);
    config_defaults(&config);
    char *printed = print(&config);
    config_free(&config);
    FILE *stream = fopen(path, "r");
    assert_non_null(stream);
    char *shipped = calloc(1, 65536);
    assert_non_null(shipped);
    assert_true(fread(shipped, 1, 65535, stream) > 0);
    assert_int_equal(fclose(stream), 0);
    assert_string_equal(shipped, printed);
    free(shipped);
    free(printed);
    load(&config, path, NULL, 0, NULL);
    assert_string_equal(config.store.dir, "/var/lib/r3e-leaderboard");
    config_free(&config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_required),
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_text_forms),
        cmocka_unit_test(test_print_loads_again),
        cmocka_unit_test(test_paths_are_relative_to_the_file),
        cmocka_unit_test(test_override_order),
        cmocka_unit_test(test_cross_checks),
        cmocka_unit_test(test_socket_path_limit),
        cmocka_unit_test(test_exposure_with_keys_or_leave),
        cmocka_unit_test(test_nearest_names),
        cmocka_unit_test(test_control_characters_do_not_forge_lines),
        cmocka_unit_test(test_example_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
