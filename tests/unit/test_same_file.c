#include "exporter/same_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>

#include "tests/unit/unit.h"

/* Larger than what is compared at a time. */
#define SIZE 100000u

struct files {
    char folder[64];
    char path[128];
    int fd; /* of the folder */
    char *content;
    struct stat status;
};

static void make_files(struct files *files)
{
    unit_make_folder(files->folder);
    files->content = malloc(SIZE + 1);
    assert_non_null(files->content);
    for (size_t i = 0; i < SIZE; i++)
        files->content[i] = (char)('a' + i % 23);
    files->content[SIZE] = '\0';
    unit_write_file(files->folder, "there", files->content, files->path);
    files->fd = open(files->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(files->fd >= 0);
}

static void remove_files(struct files *files)
{
    unlink(files->path);
    close(files->fd);
    free(files->content);
    unit_remove_folder(files->folder);
}

static enum same_file compare(struct files *files, uint32_t length)
{
    return same_file_bytes(files->fd, "there", (struct text){files->content, length}, &files->status);
}

static void test_bytes(void **state)
{
    (void)state;
    struct files files;
    make_files(&files);
    assert_int_equal(compare(&files, SIZE), SAME_FILE);
    assert_int_equal(files.status.st_size, SIZE);
    assert_int_equal(compare(&files, SIZE - 1), SAME_FILE_NOT);
    files.content[SIZE - 1] ^= 1;
    assert_int_equal(compare(&files, SIZE), SAME_FILE_NOT);
    assert_int_equal(unlink(files.path), 0);
    assert_int_equal(compare(&files, SIZE), SAME_FILE_NOT);
    assert_int_equal(symlink("/dev/zero", files.path), 0);
    assert_int_equal(compare(&files, 0), SAME_FILE_NOT);
    assert_int_equal(unlink(files.path), 0);
    assert_int_equal(mkfifo(files.path, 0600), 0);
    assert_int_equal(compare(&files, 0), SAME_FILE_NOT); /* and does not wait for a writer */
    remove_files(&files);
}

static void test_open_file(void **state)
{
    (void)state;
    struct files files;
    char other[128];
    make_files(&files);
    unit_write_file(files.folder, "new", files.content, other);
    int fd = open(other, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(same_file_open(files.fd, "there", fd, SIZE, &files.status), SAME_FILE);
    assert_int_equal(pwrite(fd, "!", 1, SIZE - 1), 1);
    assert_int_equal(same_file_open(files.fd, "there", fd, SIZE, &files.status), SAME_FILE_NOT);
    assert_int_equal(ftruncate(fd, SIZE - 1), 0);
    assert_int_equal(same_file_open(files.fd, "there", fd, SIZE, &files.status), SAME_FILE_NOT);
    close(fd);
    assert_int_equal(unlink(other), 0);
    remove_files(&files);
}

/* A file that cannot be looked at for want of a descriptor is not rewritten for that. */
static void test_no_descriptor(void **state)
{
    (void)state;
    struct files files;
    struct rlimit limit, none;
    make_files(&files);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = limit;
    none.rlim_cur = 0;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    enum same_file answer = compare(&files, SIZE);
    int cause = errno;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(answer, SAME_FILE_UNKNOWN);
    assert_int_equal(cause, EMFILE);
    remove_files(&files);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_open_file),
        cmocka_unit_test(test_no_descriptor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
