#include "coordinator/disk_room.h"

#include <string.h>

#include "tests/unit/unit.h"

#define MB ((uint64_t)1024 * 1024)

/* What the next look finds, for store and public folder. */
static struct disk_space spaces[2];
static bool answers;
static int looks;

static bool probe(const char *path, struct disk_space *space)
{
    looks++;
    *space = spaces[strcmp(path, "/public") == 0];
    return answers;
}

static struct disk_room make(uint64_t floor_mb)
{
    spaces[0] = spaces[1] = (struct disk_space){1000 * MB, UINT64_MAX};
    answers = true;
    looks = 0;
    return disk_room_make(probe, "/store", "/public", floor_mb * MB);
}

static void test_full_below_the_floor_and_free_a_quarter_above(void **state)
{
    (void)state;
    static const struct {
        uint64_t free_mb;
        bool full;
    } steps[] = {{64, false}, {63, true}, {64, true}, {79, true}, {80, false}, {64, false}, {0, true}};
    for (int place = 0; place < 2; place++) {
        struct disk_room room = make(64);
        int64_t now_ms = 0;
        for (size_t i = 0; i < sizeof steps / sizeof *steps; i++, now_ms += DISK_ROOM_LOOK_MS) {
            spaces[place].free_bytes = steps[i].free_mb * MB;
            assert_int_equal(disk_room_is_full(&room, now_ms), steps[i].full);
        }
    }
}

static void test_it_says_which_and_how_much(void **state)
{
    (void)state;
    struct disk_room room = make(64);
    spaces[1].free_bytes = 12 * MB;
    assert_true(disk_room_is_full(&room, 0));
    assert_string_equal(
        room.text, "public.dir: only 12 MB are free on the disk, store.min_free_mb is 64; free some");
}

static void test_inodes_count_where_there_are_some(void **state)
{
    (void)state;
    struct disk_room room = make(64);
    spaces[0].free_inodes = DISK_ROOM_INODES - 1;
    assert_true(disk_room_is_full(&room, 0));
    assert_non_null(strstr(room.text, "store.dir: the file system has room for only 999 more files"));
    spaces[0].free_inodes = DISK_ROOM_INODES;
    assert_true(disk_room_is_full(&room, DISK_ROOM_LOOK_MS));
    spaces[0].free_inodes = DISK_ROOM_INODES + DISK_ROOM_INODES / 4;
    assert_false(disk_room_is_full(&room, 2 * DISK_ROOM_LOOK_MS));
}

static void test_it_looks_now_and_then(void **state)
{
    (void)state;
    struct disk_room room = make(64);
    for (int64_t now_ms = 0; now_ms < 10 * DISK_ROOM_LOOK_MS; now_ms += 10)
        disk_room_is_full(&room, now_ms);
    assert_int_equal(looks, 2 * 10);
}

static void test_what_cannot_be_asked_is_not_full(void **state)
{
    (void)state;
    struct disk_room room = make(64);
    spaces[0].free_bytes = 0;
    answers = false;
    assert_false(disk_room_is_full(&room, 0));
}

static void test_no_floor_no_look(void **state)
{
    (void)state;
    struct disk_room room = make(0);
    spaces[0].free_bytes = 0;
    assert_false(disk_room_is_full(&room, 0));
    assert_int_equal(looks, 0);
}

static void test_the_system_is_asked_for_the_nearest_parent(void **state)
{
    (void)state;
    struct disk_space here, below;
    assert_true(disk_probe_system("/", &here));
    assert_true(disk_probe_system("/no/such/folder/anywhere", &below));
    assert_true(below.free_bytes > 0);
    assert_false(disk_probe_system("no-such-relative-folder", &below));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_full_below_the_floor_and_free_a_quarter_above),
        cmocka_unit_test(test_it_says_which_and_how_much),
        cmocka_unit_test(test_inodes_count_where_there_are_some),
        cmocka_unit_test(test_it_looks_now_and_then),
        cmocka_unit_test(test_what_cannot_be_asked_is_not_full),
        cmocka_unit_test(test_no_floor_no_look),
        cmocka_unit_test(test_the_system_is_asked_for_the_nearest_parent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
