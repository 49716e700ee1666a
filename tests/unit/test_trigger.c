#include "tests/unit/refresh_fixture.h"

#include <string.h>
#include <sys/stat.h>

#include "coordinator/trigger.h"

#define TEXT(literal) ((struct text){literal, sizeof(literal) - 1})

static char problem[TRIGGER_PROBLEM_SIZE];

static struct refresh_progress act(struct fixture *f, struct text content)
{
    trigger_act(f->run, content, f->now_ms, f->wall_ms, problem);
    return refresh_run_progress(f->run);
}

/* The first crawl is over. */
static int set_up_crawled(void **state)
{
    fixture_set_up(state);
    struct fixture *f = *state;
    uint32_t place;
    while ((place = plan_take(f->plan, f->now_ms)) != PLAN_NONE)
        refresh_succeeded(&f->policy, f->plan, place, f->now_ms, f->wall_ms);
    refresh_run_tick(f->run, f->now_ms, f->wall_ms);
    assert_int_equal(refresh_run_progress(f->run).full_since_ms, 0);
    return 0;
}

/* ---- what it says ---- */

static void nothing_means_everything(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(act(f, (struct text){0}).full_left, 6);
    assert_int_equal(act(f, TEXT(" \r\n\t ")).full_left, 6);
    assert_string_equal(problem, "");
}

static void names_mean_these(void **state)
{
    struct fixture *f = *state;
    struct refresh_progress progress = act(f, TEXT("20\n30-6 30-6\n"));
    assert_int_equal(progress.full_since_ms, 0);
    assert_int_equal(progress.targeted_left, 3);
    assert_string_equal(problem, "");
    assert_int_equal(plan_take(f->plan, f->now_ms), 2);
    assert_int_equal(plan_take(f->plan, f->now_ms), 3);
    assert_int_equal(plan_take(f->plan, f->now_ms), 5);
    assert_int_equal(plan_take(f->plan, f->now_ms), PLAN_NONE);
}

static void what_is_unknown_is_named_and_the_rest_counts(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(act(f, TEXT("99 10-5 30-7 x\x1b[1m;\0y 2 3")).targeted_left, 1);
    assert_string_equal(problem, "unknown: 99, 30-7, x?[1m;?y, 2 and 1 more");
    assert_int_equal(act(f, TEXT("20-5")).targeted_left, 2);
    assert_string_equal(problem, "");
}

static void rubbish_asks_for_nothing(void **state)
{
    struct fixture *f = *state;
    static char bytes[1024 * 1024];
    uint32_t seed = 3;
    for (int round = 0; round < 4; round++) {
        for (size_t i = 0; i < sizeof bytes; i++) {
            seed = seed * 1664525 + 1013904223;
            bytes[i] = round == 0   ? 0
                       : round == 1 ? '1'
                       : round == 2 ? (char)(seed >> 24 | 0x80)
                                    : "a \n-"[seed >> 30];
        }
        struct refresh_progress progress = act(f, (struct text){bytes, sizeof bytes});
        assert_int_equal(progress.targeted_left, 0);
        assert_int_equal(progress.full_since_ms, 0);
        assert_memory_equal(problem, "unknown: ", 9);
        assert_true(strlen(problem) < sizeof problem);
    }
}

static void as_many_names_as_fit_are_bounded_work(void **state)
{
    struct fixture *f = *state;
    static char bytes[TRIGGER_FILE_MAX];
    memset(bytes, ' ', sizeof bytes);
    for (size_t i = 0; i + 3 < sizeof bytes; i += 3)
        memcpy(bytes + i, "30", 2);
    assert_int_equal(act(f, (struct text){bytes, sizeof bytes}).targeted_left, 2);
    assert_string_equal(problem, "");
}

/* ---- the file ---- */

struct file_fixture {
    struct fixture *refresh;
    struct loop *loop;
    struct trigger *trigger;
    char folder[64], path[128];
    int64_t now_ms;
};

static void open_trigger(struct file_fixture *file, struct fixture *f)
{
    *file = (struct file_fixture){.refresh = f, .loop = loop_open(), .now_ms = f->now_ms};
    unit_make_folder(file->folder);
    assert_true(snprintf(file->path, sizeof file->path, "%s/refresh_now", file->folder) > 0);
    file->trigger = trigger_open(file->loop, file->path, f->run);
}

static void close_trigger(struct file_fixture *file)
{
    trigger_close(&file->trigger);
    loop_close(&file->loop);
    unit_remove_folder(file->folder); /* it is empty: nothing was left behind */
}

/* As long as it takes until the file is looked for in any case. */
static uint32_t look(struct file_fixture *file)
{
    int64_t sleep_ms = trigger_tick(file->trigger, file->now_ms);
    assert_in_range((uint64_t)sleep_ms, 1, 30000);
    file->now_ms += sleep_ms;
    sleep_ms = trigger_tick(file->trigger, file->now_ms);
    file->now_ms += sleep_ms;
    return refresh_run_progress(file->refresh->run).targeted_left;
}

static void write_file(struct file_fixture *file, const char *name, const char *content)
{
    char path[128];
    unit_write_file(file->folder, name, content, path);
}

static bool exists(const struct file_fixture *file)
{
    struct stat info;
    return lstat(file->path, &info) == 0;
}

static void it_is_taken_and_removed(void **state)
{
    struct file_fixture file;
    open_trigger(&file, *state);
    assert_int_equal(look(&file), 0);
    write_file(&file, "refresh_now", "30 77");
    assert_int_equal(look(&file), 2);
    assert_false(exists(&file));
    assert_string_equal(trigger_problem(file.trigger), "unknown: 77");
    write_file(&file, "refresh_now", "10-5");
    assert_int_equal(look(&file), 3);
    assert_string_equal(trigger_problem(file.trigger), "");
    close_trigger(&file);
}

static void one_that_was_moved_aside_is_finished(void **state)
{
    struct file_fixture file;
    open_trigger(&file, *state);
    write_file(&file, "refresh_now.taken", "30");
    write_file(&file, "refresh_now", "10-5");
    assert_int_equal(look(&file), 3);
    close_trigger(&file);
}

static void one_that_is_too_large_goes_away(void **state)
{
    struct file_fixture file;
    open_trigger(&file, *state);
    FILE *stream = fopen(file.path, "w");
    assert_non_null(stream);
    for (size_t i = 0; i <= TRIGGER_FILE_MAX; i += 4)
        assert_true(fputs("30 \n", stream) >= 0);
    assert_int_equal(fclose(stream), 0);
    assert_int_equal(look(&file), 0);
    assert_false(exists(&file));
    assert_true(strlen(trigger_problem(file.trigger)) > 0);
    close_trigger(&file);
}

static void what_is_no_file_is_left_alone(void **state)
{
    struct file_fixture file;
    open_trigger(&file, *state);
    assert_int_equal(mkdir(file.path, 0700), 0);
    assert_int_equal(look(&file), 0);
    assert_true(exists(&file));
    assert_string_equal(trigger_problem(file.trigger), "cannot use it: it is not a regular file");
    assert_int_equal(rmdir(file.path), 0);
    assert_int_equal(mkfifo(file.path, 0600), 0);
    assert_int_equal(look(&file), 0); /* and it is not waited for */
    assert_int_equal(unlink(file.path), 0);
    assert_int_equal(symlink("/etc/passwd", file.path), 0);
    assert_int_equal(look(&file), 0);
    assert_int_equal(unlink(file.path), 0);
    write_file(&file, "refresh_now", "30");
    assert_int_equal(look(&file), 2);
    close_trigger(&file);
}

/* The kernel lets nobody move this one, root neither. */
static void one_that_cannot_be_moved_is_not_acted_on(void **state)
{
    struct fixture *f = *state;
    struct file_fixture file = {.refresh = f, .loop = loop_open(), .now_ms = f->now_ms};
    file.trigger = trigger_open(file.loop, "/proc/version", f->run);
    for (int i = 0; i < 3; i++)
        assert_int_equal(look(&file), 0);
    assert_memory_equal(trigger_problem(file.trigger), "cannot move it aside: ", 22);
    assert_int_equal(refresh_run_progress(f->run).full_since_ms, 0);
    trigger_close(&file.trigger);
    loop_close(&file.loop);
}

static void the_folder_may_come_later_and_be_replaced(void **state)
{
    struct file_fixture file;
    open_trigger(&file, *state);
    unit_remove_folder(file.folder);
    assert_int_equal(look(&file), 0);
    assert_int_equal(mkdir(file.folder, 0700), 0);
    write_file(&file, "refresh_now", "30");
    assert_int_equal(look(&file), 2);
    unit_remove_folder(file.folder);
    assert_int_equal(mkdir(file.folder, 0700), 0);
    write_file(&file, "refresh_now", "10-5");
    assert_int_equal(look(&file), 3);
    close_trigger(&file);
}

#define WITH_RUN(test) cmocka_unit_test_setup_teardown(test, set_up_crawled, fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_RUN(nothing_means_everything),
        WITH_RUN(names_mean_these),
        WITH_RUN(what_is_unknown_is_named_and_the_rest_counts),
        WITH_RUN(rubbish_asks_for_nothing),
        WITH_RUN(as_many_names_as_fit_are_bounded_work),
        WITH_RUN(it_is_taken_and_removed),
        WITH_RUN(one_that_was_moved_aside_is_finished),
        WITH_RUN(one_that_is_too_large_goes_away),
        WITH_RUN(what_is_no_file_is_left_alone),
        WITH_RUN(one_that_cannot_be_moved_is_not_acted_on),
        WITH_RUN(the_folder_may_come_later_and_be_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
