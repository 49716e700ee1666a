#include "tests/unit/unit.h"

#include <sys/mman.h>

#include "common/resident.h"

static void memory_of_this_process(void **state)
{
    (void)state;
    size_t size = (size_t)64 * 1024 * 1024;
    int fd = resident_open();
    assert_true(fd >= 0);
    uint64_t before = resident_read(fd).all_kb;
    assert_true(before > 500 && before < 10000000);
    char *block = malloc(size);
    assert_non_null(block);
    for (size_t at = 0; at < size; at += 1024)
        ((volatile char *)block)[at] = 1;
    assert_true(resident_read(fd).all_kb >= before + size / 1024 * 9 / 10);
    free(block);
    close(fd);
    assert_int_equal(resident_read(-1).all_kb, 0);
}

static void files_are_counted_apart(void **state)
{
    (void)state;
    size_t size = (size_t)16 * 1024 * 1024;
    int fd = resident_open(), file = memfd_create("resident", MFD_CLOEXEC);
    assert_int_equal(ftruncate(file, (off_t)size), 0);
    struct resident before = resident_read(fd);
    char *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    assert_ptr_not_equal(map, MAP_FAILED);
    for (size_t at = 0; at < size; at += 1024)
        ((volatile char *)map)[at] = 1;
    struct resident after = resident_read(fd);
    assert_true(after.file_kb >= before.file_kb + size / 1024 * 9 / 10);
    assert_true(after.all_kb >= after.file_kb);
    assert_int_equal(munmap(map, size), 0);
    assert_true(resident_read(fd).file_kb < before.file_kb + size / 1024 / 10);
    close(file);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_of_this_process), cmocka_unit_test(files_are_counted_apart)};
    return cmocka_run_group_tests_name("resident", tests, NULL, NULL);
}
