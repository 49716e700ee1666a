#include "common/key_file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/unit/unit.h"

/* The example pair of zmq_curve_public's manual, which RFC 26's test vectors use too. */
#define PUBLIC "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"
#define SECRET "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"
#define OTHER  "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"

static bool parse(const char *content, struct key_file *key, char problem[static FILE_ERROR_SIZE])
{
    return key_file_parse((struct text){content, (uint32_t)strlen(content)}, key, problem);
}

static void test_right(void **state)
{
    (void)state;
    static const struct {
        const char *content;
        const char *name;
        unsigned rights;
        bool secret;
    } cases[] = {
        {"name = a\npublic_key = " PUBLIC "\n", "a", 0, false},
        {"name = a\npublic_key = " PUBLIC, "a", 0, false},
        {"# made today\r\n\r\n\tname=host-2.example_x \r\n  rights = worker\r\npublic_key\t=\t" PUBLIC "\r\n",
            "host-2.example_x", KEY_RIGHT_WORKER, false},
        {"rights = operator,monitor\nname = b\npublic_key = " PUBLIC "\n", "b",
            KEY_RIGHT_OPERATOR | KEY_RIGHT_MONITOR, false},
        {"name = c\nsecret_key = " SECRET "\npublic_key = " PUBLIC "\n", "c", 0, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct key_file key;
        char problem[FILE_ERROR_SIZE] = "";
        assert_true(parse(cases[i].content, &key, problem));
        assert_string_equal(key.name, cases[i].name);
        assert_int_equal(key.rights, cases[i].rights);
        assert_string_equal(key.public_key, PUBLIC);
        assert_string_equal(key.secret_key, cases[i].secret ? SECRET : "");
    }
}

static void test_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *content, *problem;
    } cases[] = {
        {"", "no line says name"},
        {"name = a\n", "no line says public_key"},
        {"public_key = " PUBLIC "\n", "no line says name"},
        {"name = a\npublic_key = " PUBLIC "x\n", "line 2 has no key of 40 characters"},
        {"name = a\npublic_key = Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hI\"\n", "line 2 has no key"},
        {"name = a\npublic_key = \n", "line 2 has an empty value"},
        {"name = a\npublic_key = 0000000000000000000000000000000000000000\n", "line 2 has no key"},
        {"name = a\npublic_key = ########################################\n", "line 2 has no key"},
        {"name = a\nname = b\npublic_key = " PUBLIC "\n", "line 2 says again"},
        {"name = a\npublic_key = " PUBLIC "\npublic_key = " PUBLIC "\n", "line 3 says again"},
        {"name = ../a\npublic_key = " PUBLIC "\n", "line 1 has a name that is not"},
        {"name = .a\npublic_key = " PUBLIC "\n", "line 1 has a name that is not"},
        {"name = a b\npublic_key = " PUBLIC "\n", "line 1 has a name that is not"},
        {"\n\nrights = root\n", "line 3 has rights other than"},
        {"rights = worker,worker\n", "line 1 has rights other than"},
        {"rights = worker,\n", "line 1 has rights other than"},
        {"rights = worker\nrights = monitor\n", "line 2 says again"},
        {"colour = red\n", "line 1 names none of"},
        {"a_name_that_is_far_too_long_for_any = 1\n", "line 1 names none of"},
        {"nonsense\n", "line 1 is no `key = value`"},
        {"name = a\npublic_key = " OTHER "\nsecret_key = " SECRET "\n", "do not belong together"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct key_file key;
        char problem[FILE_ERROR_SIZE] = "";
        assert_false(parse(cases[i].content, &key, problem));
        if (!strstr(problem, cases[i].problem))
            fail_msg("case %zu: \"%s\" instead of \"%s\"", i, problem, cases[i].problem);
        assert_int_equal(key.public_key[0], 0);
    }
}

static void test_a_zero_byte_is_wrong(void **state)
{
    (void)state;
    static const char content[] = "name = a\0b\npublic_key = " PUBLIC "\n";
    struct key_file key;
    char problem[FILE_ERROR_SIZE];
    assert_false(key_file_parse((struct text){content, sizeof content - 1}, &key, problem));
}

static void test_what_is_written_reads_back(void **state)
{
    (void)state;
    struct key_file key = {.name = "x",
        .public_key = PUBLIC,
        .secret_key = SECRET,
        .rights = KEY_RIGHT_WORKER | KEY_RIGHT_OPERATOR};
    for (int secret = 0; secret < 2; secret++) {
        struct key_file again;
        char problem[FILE_ERROR_SIZE] = "";
        struct buffer out = buffer_make(KEY_FILE_MAX);
        key_file_format(&key, secret, &out);
        assert_true(parse(buffer_string(&out), &again, problem));
        assert_int_equal(again.rights, key.rights);
        assert_string_equal(again.secret_key, secret ? SECRET : "");
        if (!secret)
            assert_null(strstr(buffer_string(&out), SECRET));
        key_file_wipe_buffer(&out);
    }
}

static void test_rights_and_their_names(void **state)
{
    (void)state;
    char text[KEY_FILE_RIGHTS_SIZE];
    for (unsigned rights = 0; rights < 8; rights++) {
        unsigned again = 99;
        key_file_rights_text(rights, text);
        if (rights == 0)
            assert_string_equal(text, "none");
        else
            assert_true(key_file_rights_parse(text, &again) && again == rights);
    }
}

static void test_modes(void **state)
{
    (void)state;
    static const struct {
        enum key_file_kind kind;
        mode_t mode;
        const char *problem; /* NULL: right */
    } cases[] = {
        {KEY_FILE_SECRET, 0600, NULL},
        {KEY_FILE_SECRET, 0400, NULL},
        {KEY_FILE_SECRET, 0604, "others can read or write it (mode 0604); chmod 600 it"},
        {KEY_FILE_SECRET, 0620, "chmod 600"},
        {KEY_FILE_SECRET, 0666, "chmod 600"},
        {KEY_FILE_PUBLIC, 0644, "has a secret key, which does not belong here"},
        {KEY_FILE_PUBLIC, 0664, "others can write it (mode 0664); chmod go-w it"},
        {KEY_FILE_PUBLIC, 0646, "chmod go-w"},
    };
    char folder[64], path[128], problem[FILE_ERROR_SIZE];
    struct key_file key;
    unit_make_folder(folder);
    unit_write_file(folder, "k", "name = c\nsecret_key = " SECRET "\npublic_key = " PUBLIC "\n", path);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        problem[0] = '\0';
        assert_int_equal(chmod(path, cases[i].mode), 0);
        bool ok = key_file_read(path, cases[i].kind, &key, problem);
        const char *expected = cases[i].problem;
        assert_int_equal(ok, !expected);
        if (expected && (!strstr(problem, expected) || !strstr(problem, path)))
            fail_msg("case %zu: %s", i, problem);
    }
    unlink(path);
    unit_remove_folder(folder);
}

static void test_files_that_are_none(void **state)
{
    (void)state;
    char folder[64], path[128], large[KEY_FILE_MAX + 2], problem[FILE_ERROR_SIZE];
    struct key_file key;
    unit_make_folder(folder);
    assert_false(key_file_read("/nonexistent/k", KEY_FILE_PUBLIC, &key, problem));
    assert_int_equal(errno, ENOENT);
    assert_non_null(strstr(problem, "/nonexistent/k: cannot open it"));
    assert_false(key_file_read(folder, KEY_FILE_PUBLIC, &key, problem));
    assert_non_null(strstr(problem, "not a regular file"));
    assert_false(key_file_read("/dev/zero", KEY_FILE_PUBLIC, &key, problem));
    memset(large, '#', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    unit_write_file(folder, "k", large, path);
    assert_int_equal(chmod(path, 0644), 0);
    assert_false(key_file_read(path, KEY_FILE_PUBLIC, &key, problem));
    assert_non_null(strstr(problem, "larger than"));
    unit_write_file(folder, "k", "name = c\npublic_key = " PUBLIC "\n", path);
    assert_int_equal(chmod(path, 0600), 0);
    assert_false(key_file_read(path, KEY_FILE_SECRET, &key, problem));
    assert_non_null(strstr(problem, "has no secret_key"));
    assert_true(key_file_read(path, KEY_FILE_PUBLIC, &key, problem));
    if (geteuid() == 0) {
        assert_int_equal(chown(path, 12345, 0), 0);
        assert_false(key_file_read(path, KEY_FILE_PUBLIC, &key, problem));
        assert_non_null(strstr(problem, "belongs to user 12345"));
    }
    unlink(path);
    unit_remove_folder(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_right),
        cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_a_zero_byte_is_wrong),
        cmocka_unit_test(test_what_is_written_reads_back),
        cmocka_unit_test(test_rights_and_their_names),
        cmocka_unit_test(test_modes),
        cmocka_unit_test(test_files_that_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
