#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/unit/unit.h"

static void test_write_then_read(void **state)
{
    (void)state;
    char folder[64];
    char path[128];
    char error[FILE_ERROR_SIZE];
    unit_make_folder(folder);
    unit_write_file(folder, "a", "the old content, which is longer", path);
    assert_true(file_write_atomic(path, "new\0bytes", 9, 0640, error));

    struct buffer content = buffer_make(9);
    assert_true(file_read(path, &content, error));
    assert_int_equal(content.length, 9);
    assert_memory_equal(content.data, "new\0bytes", 9);
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0640);

    content.limit = 8;
    assert_false(file_read(path, &content, error));
    assert_non_null(strstr(error, "larger than the 8 bytes allowed"));
    assert_int_equal(content.length, 0);
    buffer_free(&content);
    assert_int_equal(unlink(path), 0);
    unit_remove_folder(folder); /* fails if a temporary file was left */
}

static void test_reading_and_writing_at_a_place(void **state)
{
    (void)state;
    char folder[64], path[128], bytes[8] = "";
    unit_make_folder(folder);
    unit_write_file(folder, "a", "0123456789", path);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_true(file_write_at(fd, "abcd", 4, 8)); /* beyond the end, too */
    assert_true(file_read_at(fd, bytes, 5, 7));
    assert_memory_equal(bytes, "7abcd", 5);
    assert_true(file_read_at(fd, bytes, 0, 100));
    assert_false(file_read_at(fd, bytes, 5, 8)); /* one byte too few */
    assert_int_equal(errno, 0);
    assert_int_equal(lseek(fd, 0, SEEK_CUR), 0);
    assert_int_equal(close(fd), 0);
    assert_false(file_read_at(fd, bytes, 1, 0));
    assert_int_equal(errno, EBADF);
    assert_false(file_write_at(fd, bytes, 1, 0));
    assert_int_equal(errno, EBADF);
    assert_int_equal(unlink(path), 0);
    unit_remove_folder(folder);
}

static void test_failed_write_leaves_all_as_it_was(void **state)
{
    (void)state;
    char folder[64];
    char path[128];
    char error[FILE_ERROR_SIZE];
    unit_make_folder(folder);
    assert_true(snprintf(path, sizeof(path), "%s/sub", folder) > 0);
    assert_int_equal(mkdir(path, 0700), 0);
    /* The last step, the rename, fails: the target is a folder. */
    assert_false(file_write_atomic(path, "x", 1, 0644, error));
    assert_non_null(strstr(error, path));
    assert_int_equal(rmdir(path), 0);
    assert_true(snprintf(path, sizeof(path), "%s/none/file", folder) > 0);
    assert_false(file_write_atomic(path, "x", 1, 0644, error));
    assert_non_null(strstr(error, strerror(ENOENT)));
    unit_remove_folder(folder);
}

static void test_only_regular_files(void **state)
{
    (void)state;
    char folder[64];
    char path[128];
    char error[FILE_ERROR_SIZE];
    struct buffer content = buffer_make(100);
    unit_make_folder(folder);
    assert_false(file_read(folder, &content, error));
    assert_non_null(strstr(error, "not a regular file"));
    assert_true(snprintf(path, sizeof(path), "%s/pipe", folder) > 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_false(file_read(path, &content, error)); /* and does not wait for a writer */
    assert_int_equal(unlink(path), 0);
    assert_false(file_read(path, &content, error));
    assert_non_null(strstr(error, strerror(ENOENT)));
    unit_remove_folder(folder);
    buffer_free(&content);
}

static void test_parent_and_resolve(void **state)
{
    (void)state;
    const char *name = NULL;
    int fd = file_open_parent("/x", &name);
    assert_true(fd >= 0);
    assert_string_equal(name, "x");
    close(fd);
    fd = file_open_parent("x", &name);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(file_open_parent("/", &name), -1);
    assert_int_equal(file_open_parent("/tmp/..", &name), -1);

    char out[8];
    assert_true(file_resolve("/a", "b", out, sizeof(out)));
    assert_string_equal(out, "/a/b");
    assert_true(file_resolve("/a", "/b", out, sizeof(out)));
    assert_string_equal(out, "/b");
    assert_false(file_resolve("/abc", "defg", out, sizeof(out)));
}

static void test_leftovers_of_killed_writers(void **state)
{
    (void)state;
    static const char *const others[] = {".a.0123456789abcdeX.tmp", ".a.0123456789abcde.tmp", "a.tmp",
        ".ab.0123456789abcdef.tmp", ".a.0123456789ABCDEF.tmp", ".a.tmp", ".a."};
    char folder[64];
    char path[128];
    char left[128];
    unit_make_folder(folder);
    unit_write_file(folder, ".a.0123456789abcdef.tmp", "half", left);
    unit_write_file(folder, "a", "whole", path);
    for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
        char other[128];
        unit_write_file(folder, others[i], "somebody else's", other);
    }
    file_sweep_temporary(path);
    assert_int_equal(access(left, F_OK), -1);
    assert_int_equal(unlink(path), 0);
    for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
        assert_true(snprintf(path, sizeof(path), "%s/%s", folder, others[i]) > 0);
        assert_int_equal(unlink(path), 0);
    }
    unit_remove_folder(folder);
    file_sweep_temporary(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_write_then_read),
        cmocka_unit_test(test_reading_and_writing_at_a_place),
        cmocka_unit_test(test_failed_write_leaves_all_as_it_was),
        cmocka_unit_test(test_only_regular_files),
        cmocka_unit_test(test_parent_and_resolve),
        cmocka_unit_test(test_leftovers_of_killed_writers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
