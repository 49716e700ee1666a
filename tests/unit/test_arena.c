#include "tests/unit/unit.h"

#include <string.h>

#include "common/arena.h"

#define KB ((size_t)1024)

static void pieces_are_aligned_and_apart(void **state)
{
    (void)state;
    struct arena arena = arena_make(SIZE_MAX);
    char *pieces[2000];
    for (size_t i = 0; i < 2000; i++) {
        size_t size = i * 7 % 1000;
        pieces[i] = arena_alloc(&arena, size);
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % 16, 0);
        memset(pieces[i], (int)(i % 251), size);
    }
    for (size_t i = 0; i < 2000; i++)
        for (size_t at = 0; at < i * 7 % 1000; at++)
            assert_int_equal((unsigned char)pieces[i][at], i % 251);
    assert_true(arena.used >= 2000 * 499 && arena.used <= arena.allocated);
    arena_free(&arena);
    assert_int_equal(arena.allocated, 0);
}

static void a_small_one_takes_little(void **state)
{
    (void)state;
    struct arena arena = arena_make(SIZE_MAX);
    assert_int_equal(arena.allocated, 0);
    assert_string_equal(arena_copy(&arena, "a name and more", 6), "a name");
    assert_true(arena.allocated <= 16 * KB);
    arena_free(&arena);
}

static void a_steady_load_takes_nothing_new(void **state)
{
    (void)state;
    struct arena arena = arena_make(SIZE_MAX);
    size_t allocated = 0;
    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < 1500; i++)
            assert_non_null(arena_alloc(&arena, KB));
        assert_int_equal(arena.used, 1500 * KB);
        assert_true(round < 2 || arena.allocated == allocated);
        allocated = arena.allocated;
        arena_reset(&arena, 4 * KB * KB);
        assert_int_equal(arena.used, 0);
    }
    arena_reset(&arena, 0);
    assert_non_null(arena_alloc(&arena, 5 * KB * KB)); /* larger than any block */
    arena_reset(&arena, 64 * KB * KB);
    assert_true(arena.allocated < 5 * KB * KB);
    arena_free(&arena);
}

static void the_limit_holds(void **state)
{
    (void)state;
    struct arena arena = arena_make(KB * KB);
    size_t taken = 0;
    while (arena_alloc(&arena, KB))
        taken++;
    assert_in_range(taken, 700, 1024);
    assert_true(arena.allocated <= KB * KB);
    assert_null(arena_alloc(&arena, 2 * KB * KB));
    assert_null(arena_alloc(&arena, SIZE_MAX));
    arena_free(&arena);
    arena = arena_make(0);
    assert_null(arena_alloc(&arena, 1));
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_aligned_and_apart),
        cmocka_unit_test(a_small_one_takes_little),
        cmocka_unit_test(a_steady_load_takes_nothing_new),
        cmocka_unit_test(the_limit_holds),
    };
    return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
