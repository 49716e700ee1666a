#include "exporter/site.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "common/file.h"
#include "exporter/site_files.h"
#include "exporter/site_mark.h"
#include "tests/unit/unit.h"

struct fixture {
    char folder[64];
    struct buffer content;
};

static const char *path_of(const struct fixture *fixture, const char *path, char out[static 256])
{
    assert_true(snprintf(out, 256, "%s/%s", fixture->folder, path) < 256);
    return out;
}

static void read_file(struct fixture *fixture, const char *path)
{
    char full[256], error[FILE_ERROR_SIZE];
    assert_true(file_read(path_of(fixture, path, full), &fixture->content, error));
}

static void write_file(struct fixture *fixture, const char *path, const char *text)
{
    char full[256], error[FILE_ERROR_SIZE];
    assert_true(file_write_atomic(path_of(fixture, path, full), text, strlen(text), 0644, error));
}

/* A file as another release would have left it. */
static void write_marked(struct fixture *fixture, const char *path, const char *text)
{
    buffer_clear(&fixture->content);
    assert_true(buffer_append_string(&fixture->content, text));
    assert_true(site_mark_add(&fixture->content, path));
    write_file(fixture, path, buffer_string(&fixture->content));
}

static bool exists(struct fixture *fixture, const char *path, struct stat *status)
{
    char full[256];
    return lstat(path_of(fixture, path, full), status) == 0;
}

static void assert_holds(struct fixture *fixture, const char *path, const char *text)
{
    read_file(fixture, path);
    assert_string_equal(buffer_string(&fixture->content), text);
}

static void assert_published(struct fixture *fixture, const struct site_file *file)
{
    read_file(fixture, file->path);
    assert_true(site_mark_fits(&fixture->content, file->path));
    assert_true(fixture->content.length > file->length);
    assert_memory_equal(fixture->content.data, file->bytes, file->length);
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    unit_make_folder(fixture->folder);
    fixture->content = buffer_make((size_t)1 << 20);
    *state = fixture;
    return 0;
}

static void remove_file(struct fixture *fixture, const char *path)
{
    char full[256];
    unlink(path_of(fixture, path, full));
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    char full[256];
    for (size_t i = 0; i < site_file_count; i++)
        remove_file(fixture, site_files[i].path);
    remove_file(fixture, "r3e-site/foreign.js");
    rmdir(path_of(fixture, "r3e-site", full));
    unit_remove_folder(fixture->folder);
    buffer_free(&fixture->content);
    free(fixture);
    return 0;
}

static void test_everything_is_published(void **state)
{
    struct fixture *fixture = *state;
    struct stat status;
    site_publish(fixture->folder);
    for (size_t i = 0; i < site_file_count; i++) {
        assert_published(fixture, &site_files[i]);
        assert_true(exists(fixture, site_files[i].path, &status));
        assert_int_equal(status.st_mode & 0777, 0644);
    }
    assert_string_equal(site_files[site_file_count - 1].path, "index.html");
}

static void test_what_is_right_is_not_touched(void **state)
{
    struct fixture *fixture = *state;
    struct stat before[64], after;
    assert_true(site_file_count <= 64);
    site_publish(fixture->folder);
    for (size_t i = 0; i < site_file_count; i++)
        assert_true(exists(fixture, site_files[i].path, &before[i]));
    site_publish(fixture->folder);
    for (size_t i = 0; i < site_file_count; i++) {
        assert_true(exists(fixture, site_files[i].path, &after));
        assert_int_equal(before[i].st_ino, after.st_ino);
        assert_memory_equal(&before[i].st_ctim, &after.st_ctim, sizeof after.st_ctim);
    }
}

static void test_an_earlier_release_is_replaced(void **state)
{
    struct fixture *fixture = *state;
    struct stat status;
    site_publish(fixture->folder);
    write_marked(fixture, "index.html", "<p>old\n");
    write_marked(fixture, "r3e-site/app.js", "");
    write_marked(fixture, "r3e-site/gone.js", "old();\n");
    site_publish(fixture->folder);
    for (size_t i = 0; i < site_file_count; i++)
        assert_published(fixture, &site_files[i]);
    assert_false(exists(fixture, "r3e-site/gone.js", &status));
}

static void test_the_operators_files_stay(void **state)
{
    struct fixture *fixture = *state;
    write_file(fixture, "index.html", "<p>mine\n");
    site_publish(fixture->folder);
    assert_holds(fixture, "index.html", "<p>mine\n");
    assert_published(fixture, &site_files[0]);
    write_file(fixture, "r3e-site/foreign.js", "mine();\n");
    site_publish(fixture->folder);
    assert_holds(fixture, "r3e-site/foreign.js", "mine();\n");
}

/* The mark is there but no longer fits. */
static void test_an_edited_file_stays(void **state)
{
    struct fixture *fixture = *state;
    site_publish(fixture->folder);
    read_file(fixture, "index.html");
    char *edited = strdup(buffer_string(&fixture->content));
    assert_non_null(edited);
    char *at = strstr(edited, "<title>");
    assert_non_null(at);
    at[7] = '!';
    write_file(fixture, "index.html", edited);
    site_publish(fixture->folder);
    assert_holds(fixture, "index.html", edited);
    free(edited);
}

static void test_a_link_in_the_place_stays(void **state)
{
    struct fixture *fixture = *state;
    char full[256];
    struct stat status;
    assert_int_equal(symlink("elsewhere.html", path_of(fixture, "index.html", full)), 0);
    site_publish(fixture->folder);
    assert_true(exists(fixture, "index.html", &status));
    assert_true(S_ISLNK(status.st_mode));
}

static void test_left_overs_are_removed(void **state)
{
    struct fixture *fixture = *state;
    struct stat status;
    site_publish(fixture->folder);
    write_file(fixture, ".r3e-tmp-index.html", "half");
    write_file(fixture, "r3e-site/.r3e-tmp-app.js", "half");
    site_publish(fixture->folder);
    assert_false(exists(fixture, ".r3e-tmp-index.html", &status));
    assert_false(exists(fixture, "r3e-site/.r3e-tmp-app.js", &status));
}

/* Nothing is renamed, and what waited is gone again. */
static void test_without_a_folder_to_write_to(void **state)
{
    struct fixture *fixture = *state;
    struct stat status;
    write_file(fixture, "r3e-site", "in the way");
    site_publish(fixture->folder);
    assert_false(exists(fixture, "index.html", &status));
    assert_false(exists(fixture, ".r3e-tmp-index.html", &status));
    remove_file(fixture, "r3e-site");
    site_publish("/nowhere/at/all");
}

static void test_marks(void **state)
{
    struct fixture *fixture = *state;
    struct buffer *content = &fixture->content;
    assert_true(site_mark_possible("a.html") && site_mark_possible("b/a.svg") && site_mark_possible("a.css"));
    assert_false(site_mark_possible("a.png") || site_mark_possible("html") || site_mark_possible(""));
    assert_false(site_mark_fits(content, "a.js"));
    assert_true(site_mark_add(content, "a.js"));
    assert_true(site_mark_fits(content, "a.js"));
    assert_false(site_mark_fits(content, "a.css"));
    assert_true(buffer_append_byte(content, ' '));
    assert_false(site_mark_fits(content, "a.js"));
    struct buffer small = buffer_make(10);
    assert_false(site_mark_add(&small, "a.js"));
    buffer_free(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_everything_is_published, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_right_is_not_touched, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_an_earlier_release_is_replaced, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_operators_files_stay, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_an_edited_file_stays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_link_in_the_place_stays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_left_overs_are_removed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_without_a_folder_to_write_to, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_marks, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
