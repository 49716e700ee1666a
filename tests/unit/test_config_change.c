#include "tests/unit/unit.h"

#include <string.h>

#include "common/config_change.h"

struct told {
    char names[1000];
    unsigned count;
};

static void tell(void *context, const struct config_key *key)
{
    struct told *told = context;
    told->count++;
    size_t used = strlen(told->names);
    int length = snprintf(told->names + used, sizeof told->names - used, "%s.%s ", key->group, key->name);
    assert_true(length > 0 && (size_t)length < sizeof told->names - used);
}

static struct config load(const char *const *overrides, size_t count)
{
    struct config config;
    struct config_problems problems = config_problems_make();
    assert_true(config_load(&config, NULL, overrides, count, &problems));
    config_problems_free(&problems);
    return config;
}

static void the_same_is_no_change(void **state)
{
    (void)state;
    const char *overrides[] = {"store.dir=/tmp/a", "public.dir=/tmp/b"};
    struct config running = load(overrides, 2), next = load(overrides, 2);
    struct told told = {0};
    config_follow(&next, &running, tell, &told);
    assert_int_equal(told.count, 0);
    config_free(&next);
    config_free(&running);
}

static void each_type_of_value_is_compared(void **state)
{
    (void)state;
    const char *before[] = {"store.dir=/tmp/a", "public.dir=/tmp/b"};
    const char *after[] = {"store.dir=/tmp/a", "public.dir=/tmp/b", "politeness.rate_per_s=1.5",
        "politeness.robots=false", "workers.local=7", "upstream.base_url=http://localhost", "log.level=debug",
        "refresh.daily_at=01:02"};
    struct config running = load(before, 2), next = load(after, 8);
    struct told told = {0};
    config_follow(&next, &running, tell, &told);
    assert_string_equal(told.names, "upstream.base_url politeness.rate_per_s politeness.robots "
                                    "refresh.daily_at workers.local log.level ");
    assert_true(next.politeness.rate_per_s == 1.5);
    assert_int_equal(next.workers.local, 7);
    config_free(&next);
    config_free(&running);
}

static void what_needs_a_restart_is_told_and_stays(void **state)
{
    (void)state;
    const char *before[] = {"store.dir=/tmp/a", "public.dir=/tmp/b"};
    const char *after[] = {"store.dir=/tmp/c", "public.dir=/tmp/b", "public.layouts=flat",
        "store.map_size_mb=17", "store.commit_ms=17"};
    struct config running = load(before, 2), next = load(after, 5);
    struct told told = {0};
    config_follow(&next, &running, tell, &told);
    assert_string_equal(told.names,
        "store.dir store.map_size_mb store.commit_ms public.layouts refresh.trigger_file sockets.jobs "
        "sockets.results sockets.status sockets.control ");
    assert_ptr_equal(next.store.dir, running.store.dir);
    assert_ptr_equal(next.sockets.jobs, running.sockets.jobs);
    assert_int_equal(next.store.map_size_mb, 4096);
    assert_int_equal(next.publish.layouts, CONFIG_LAYOUT_FLAT | CONFIG_LAYOUT_SHARDED);
    assert_int_equal(next.store.commit_ms, 17);
    config_free(&next);
    config_free(&running);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_is_no_change),
        cmocka_unit_test(each_type_of_value_is_compared),
        cmocka_unit_test(what_needs_a_restart_is_told_and_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
