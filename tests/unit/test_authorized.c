#include "coordinator/authorized.h"

#include <string.h>
#include <sys/stat.h>

#include "tests/unit/unit.h"

#define A "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"
#define B "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"

static char folder[64];
static struct authorized *authorized;
static int64_t now_ms;

static int set_up(void **state)
{
    (void)state;
    now_ms = 1000000;
    unit_make_folder(folder);
    authorized = authorized_open(folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    authorized_close(&authorized);
    return rmdir(folder);
}

static void put(const char *name, const char *content)
{
    char path[128];
    unit_write_file(folder, name, content, path);
    assert_int_equal(chmod(path, 0644), 0);
}

static void drop(const char *name)
{
    char path[128];
    assert_true(snprintf(path, sizeof path, "%s/%s", folder, name) < (int)sizeof path);
    assert_int_equal(unlink(path), 0);
}

static enum authorized_change look(void)
{
    now_ms += AUTHORIZED_LOOK_MS;
    return authorized_look(authorized, now_ms);
}

static void test_keys_come_and_go_with_their_files(void **state)
{
    (void)state;
    assert_null(authorized_find(authorized, A));
    look();
    put("a.pub", "name = a\nrights = worker\npublic_key = " A "\n");
    assert_int_equal(look(), AUTHORIZED_MORE);
    assert_string_equal(authorized_find(authorized, A)->name, "a");
    assert_int_equal(authorized_find(authorized, A)->rights, KEY_RIGHT_WORKER);
    assert_null(authorized_find(authorized, B));
    assert_null(authorized_find(authorized, ""));
    assert_int_equal(look(), AUTHORIZED_SAME);
    put("b.pub", "name = b\nrights = monitor\npublic_key = " B "\n");
    assert_int_equal(look(), AUTHORIZED_MORE);
    assert_int_equal(authorized_count(authorized), 2);
    drop("a.pub");
    assert_int_equal(look(), AUTHORIZED_LESS);
    assert_null(authorized_find(authorized, A));
    assert_non_null(authorized_find(authorized, B));
    drop("b.pub");
    assert_int_equal(look(), AUTHORIZED_LESS);
    assert_int_equal(authorized_count(authorized), 0);
}

static void test_rights_that_change(void **state)
{
    (void)state;
    put("a.pub", "name = a\nrights = operator\npublic_key = " A "\n");
    look();
    put("a.pub", "name = a\nrights = operator,worker\npublic_key = " A "\n");
    assert_int_equal(look(), AUTHORIZED_MORE);
    put("a.pub", "name = a\nrights = worker\npublic_key = " A "\n");
    assert_int_equal(look(), AUTHORIZED_LESS);
    assert_int_equal(authorized_find(authorized, A)->rights, KEY_RIGHT_WORKER);
    drop("a.pub");
}

static void test_what_is_in_doubt_stays_out(void **state)
{
    (void)state;
    static const char *const useless[] = {"", "rubbish",
        "name = a\npublic_key = " A "\n", /* grants nothing */
        "name = a\nrights = worker\npublic_key = " A
        "\nsecret_key = D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs\n"};
    for (size_t i = 0; i < sizeof useless / sizeof *useless; i++) {
        put("a.pub", useless[i]);
        look();
        assert_int_equal(authorized_count(authorized), 0);
        assert_non_null(strstr(authorized_problem(authorized), "a.pub"));
    }
    put("a.pub", "name = a\nrights = worker\npublic_key = " A "\n");
    look();
    assert_int_equal(authorized_count(authorized), 1);
    assert_string_equal(authorized_problem(authorized), "");
    drop("a.pub");
}

static void test_other_names_are_passed_over(void **state)
{
    (void)state;
    static const char *const names[] = {".a.pub", "a.pub~", "a.key", ".pub", "README"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        put(names[i], "name = a\nrights = worker\npublic_key = " A "\n");
    look();
    assert_int_equal(authorized_count(authorized), 0);
    assert_string_equal(authorized_problem(authorized), "");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        drop(names[i]);
}

static void test_one_key_in_two_files_has_what_both_say(void **state)
{
    (void)state;
    put("a.pub", "name = a\nrights = worker,monitor\npublic_key = " A "\n");
    put("b.pub", "name = b\nrights = monitor,operator\npublic_key = " A "\n");
    look();
    assert_int_equal(authorized_count(authorized), 1);
    assert_int_equal(authorized_find(authorized, A)->rights, KEY_RIGHT_MONITOR);
    drop("a.pub");
    drop("b.pub");
}

static void test_a_loose_folder_admits_nobody(void **state)
{
    (void)state;
    put("a.pub", "name = a\nrights = worker\npublic_key = " A "\n");
    look();
    assert_int_equal(chmod(folder, 0775), 0);
    assert_int_equal(look(), AUTHORIZED_LESS);
    assert_null(authorized_find(authorized, A));
    assert_int_equal(chmod(folder, 0755), 0);
    assert_int_equal(look(), AUTHORIZED_MORE);
    assert_non_null(authorized_find(authorized, A));
    drop("a.pub");
}

static void test_a_folder_that_is_gone_admits_nobody(void **state)
{
    (void)state;
    char moved[80];
    put("a.pub", "name = a\nrights = worker\npublic_key = " A "\n");
    look();
    assert_true(snprintf(moved, sizeof moved, "%s.moved", folder) < (int)sizeof moved);
    assert_int_equal(rename(folder, moved), 0);
    assert_int_equal(look(), AUTHORIZED_LESS);
    assert_int_equal(look(), AUTHORIZED_SAME); /* said once */
    assert_non_null(strstr(authorized_problem(authorized), "cannot open it"));
    assert_int_equal(rename(moved, folder), 0);
    assert_int_equal(look(), AUTHORIZED_MORE);
    assert_string_equal(authorized_problem(authorized), "");
    drop("a.pub");
}

static void test_it_looks_now_and_then(void **state)
{
    (void)state;
    look();
    put("a.pub", "name = a\nrights = worker\npublic_key = " A "\n");
    assert_int_equal(authorized_look(authorized, now_ms + AUTHORIZED_LOOK_MS - 1), AUTHORIZED_SAME);
    assert_int_equal(authorized_wait_ms(authorized, now_ms), AUTHORIZED_LOOK_MS);
    assert_int_equal(look(), AUTHORIZED_MORE);
    drop("a.pub");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_keys_come_and_go_with_their_files),
        TEST(test_rights_that_change),
        TEST(test_what_is_in_doubt_stays_out),
        TEST(test_other_names_are_passed_over),
        TEST(test_one_key_in_two_files_has_what_both_say),
        TEST(test_a_loose_folder_admits_nobody),
        TEST(test_a_folder_that_is_gone_admits_nobody),
        TEST(test_it_looks_now_and_then),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
