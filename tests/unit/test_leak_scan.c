/* What LeakSanitizer is shown of large globals: all that has memory behind it, and little else; and what that
 * makes of leaks. */
#include "common/leak_scan.h"

#include <link.h>
#include <sanitizer/common_interface_defs.h>
#include <sanitizer/lsan_interface.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>

#include "unit.h"

#define PAGE       4096
#define LARGE      ((size_t)64 * 1024 * 1024)
#define BLOCKS     100
#define FOUND      1
#define FOUND_NONE 0
/* Of the program's writable segment; the runtime's part of it is 10 MB. */
#define TOUCHED_MOST ((size_t)32 * 1024 * 1024)

static char large[LARGE];

/* Bytes of the program's own writable segments, and whether [at, at + size) is among them. */
struct shown {
    const void *at;
    size_t size, total;
    bool all;
};

static int look(struct dl_phdr_info *info, size_t size, void *data)
{
    (void)size;
    struct shown *shown = data;
    uintptr_t at = (uintptr_t)shown->at;
    for (size_t i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        if (part->p_type != PT_LOAD || !(part->p_flags & PF_W))
            continue;
        uintptr_t begin = info->dlpi_addr + part->p_vaddr, end = begin + part->p_memsz;
        shown->total += part->p_memsz;
        shown->all |= at >= begin && at + shown->size <= end;
    }
    return 1; /* the program itself comes first */
}

static struct shown show(const void *at, size_t size)
{
    struct shown shown = {.at = at, .size = size};
    assert_int_equal(dl_iterate_phdr(look, &shown), 1);
    return shown;
}

static void test_what_was_touched_is_shown(void **state)
{
    (void)state;
    char *touched = large + LARGE / 2;
    memset(touched, 1, 3 * PAGE);
    assert_true(show(large, LARGE).all);
    leak_scan_begin_end();
    assert_true(show(touched, 3 * PAGE).all);
    assert_false(show(large, LARGE).all);
    assert_false(show(large + LARGE / 4, 1).all);
    assert_true(show(large, 1).total < TOUCHED_MOST);
}

/* The blocks are to be found by the globals alone, not by what a function left on the stack. */
static __attribute__((noinline)) void put_blocks(char *where)
{
    for (size_t i = 0; i < BLOCKS; i++) {
        void *block = malloc(10);
        assert_non_null(block);
        memcpy(where + i * PAGE, &block, sizeof block);
    }
}

/* What a process finds that has blocks in the globals, and clears them if `leak`. */
static int leaks_of_child(bool leak)
{
    pid_t pid = fork();
    if (pid == 0) {
        char *where = large + LARGE / 2 + 100 * PAGE;
        leak_scan_begin_end();
        put_blocks(where);
        if (leak)
            memset(where, 0, BLOCKS * PAGE);
        if (leak && !freopen("/dev/null", "w", stderr))
            _exit(99);
        __sanitizer_set_report_path("stderr");
        _exit(__lsan_do_recoverable_leak_check() ? FOUND : FOUND_NONE);
    }
    int status = 0;
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void test_what_globals_hold_is_no_leak(void **state)
{
    (void)state;
    assert_int_equal(leaks_of_child(false), FOUND_NONE);
}

static void test_what_nothing_holds_is_a_leak(void **state)
{
    (void)state;
    assert_int_equal(leaks_of_child(true), FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_was_touched_is_shown),
        cmocka_unit_test(test_what_globals_hold_is_no_leak),
        cmocka_unit_test(test_what_nothing_holds_is_a_leak),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
