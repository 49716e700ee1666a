#ifndef R3E_TESTS_UNIT_UNIT_H
#define R3E_TESTS_UNIT_UNIT_H
/* cmocka with the headers it wants, and what several unit tests need. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* A new empty folder, whose path goes to `path`. Remove it with unit_remove_folder. */
static inline void unit_make_folder(char path[static 64])
{
    const char *pattern = "/tmp/r3e-unit-XXXXXX";
    assert_true(snprintf(path, 64, "%s", pattern) < 64);
    assert_non_null(mkdtemp(path));
}

/* Removes the folder; the test has removed what it put there. */
static inline void unit_remove_folder(const char *path)
{
    assert_int_equal(rmdir(path), 0);
}

/* Removes a folder that holds a store, which is closed, and nothing else. */
static inline void unit_remove_store(const char *folder)
{
    static const char *const names[] = {"data.mdb", "lock.mdb", "coordinator.lock"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[128];
        assert_true(snprintf(path, sizeof path, "%s/%s", folder, names[i]) < (int)sizeof path);
        unlink(path); /* not every store has all of them */
    }
    unit_remove_folder(folder);
}

/* `folder`/`name` holding `content`. */
static inline void unit_write_file(
    const char *folder, const char *name, const char *content, char path[static 128])
{
    assert_true(snprintf(path, 128, "%s/%s", folder, name) < 128);
    FILE *stream = fopen(path, "w");
    assert_non_null(stream);
    assert_true(fputs(content, stream) >= 0);
    assert_int_equal(fclose(stream), 0);
}

/* xorshift64 (Marsaglia 2003): the same numbers in every run. The state is not 0. */
static inline uint64_t unit_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

#endif
