#include "coordinator/ctl/screen.h"

#include <string.h>

#include "tests/unit/unit.h"

static const char *drawn(struct screen *screen, struct buffer *out)
{
    buffer_clear(out);
    screen_draw(screen, out);
    return buffer_string(out);
}

static void make(struct screen *screen, const char *first, const char *second)
{
    screen_begin(screen, 10, 3);
    screen_put(screen, SCREEN_PLAIN, "%s", first);
    screen_next(screen);
    screen_put(screen, SCREEN_PLAIN, "%s", second);
    screen_next(screen);
}

static void test_only_what_differs_is_written(void **state)
{
    (void)state;
    struct screen screen = screen_make(true, true);
    struct buffer out = buffer_make(65536);
    make(&screen, "one", "two");
    assert_string_equal(drawn(&screen, &out), "\x1b[1;1Hone\x1b[K\x1b[2;1Htwo\x1b[K\x1b[3;1H\x1b[K");
    make(&screen, "one", "two");
    assert_string_equal(drawn(&screen, &out), "");
    make(&screen, "one", "2");
    assert_string_equal(drawn(&screen, &out), "\x1b[2;1H2\x1b[K");
    make(&screen, "one", "");
    assert_string_equal(drawn(&screen, &out), "\x1b[2;1H\x1b[K");
    screen.whole = true; /* somebody else wrote there */
    make(&screen, "one", "");
    assert_non_null(strstr(drawn(&screen, &out), "one"));
    buffer_free(&out);
    screen_free(&screen);
}

static void test_another_size_draws_all(void **state)
{
    (void)state;
    struct screen screen = screen_make(true, true);
    struct buffer out = buffer_make(65536);
    make(&screen, "one", "two");
    drawn(&screen, &out);
    screen_begin(&screen, 9, 3);
    assert_string_equal(drawn(&screen, &out), "\x1b[1;1H\x1b[K\x1b[2;1H\x1b[K\x1b[3;1H\x1b[K");
    buffer_free(&out);
    screen_free(&screen);
}

static void test_rows_are_cut_and_rows_below_are_left_out(void **state)
{
    (void)state;
    struct screen screen = screen_make(false, true);
    struct buffer out = buffer_make(65536);
    screen_begin(&screen, 5, 1);
    screen_put(&screen, SCREEN_PLAIN, "123");
    screen_put(&screen, SCREEN_PLAIN, "4567");
    screen_put(&screen, SCREEN_PLAIN, "8");
    screen_next(&screen);
    assert_int_equal(screen_left(&screen), 0);
    screen_put(&screen, SCREEN_PLAIN, "below");
    screen_next(&screen);
    /* A full row has nothing behind it that could be erased. */
    assert_string_equal(drawn(&screen, &out), "\x1b[1;1H1234…");
    buffer_free(&out);
    screen_free(&screen);
}

static void test_styles(void **state)
{
    (void)state;
    struct buffer out = buffer_make(65536);
    for (int colour = 0; colour < 2; colour++) {
        struct screen screen = screen_make(colour, true);
        screen_begin(&screen, 20, 1);
        screen_put(&screen, SCREEN_BAD, "bad");
        screen_put(&screen, SCREEN_REVERSE, "title");
        screen_fill(&screen, SCREEN_REVERSE, 10);
        screen_column(&screen, SCREEN_PLAIN, "7", 3, true);
        assert_string_equal(drawn(&screen, &out),
            colour ? "\x1b[1;1H\x1b[1;31mbad\x1b[m\x1b[7mtitle\x1b[m\x1b[7m  \x1b[m  7\x1b[K"
                   : "\x1b[1;1Hbad\x1b[7mtitle\x1b[m\x1b[7m  \x1b[m  7\x1b[K");
        screen_free(&screen);
    }
    buffer_free(&out);
}

static void test_text_cannot_steer_the_terminal(void **state)
{
    (void)state;
    struct screen screen = screen_make(true, true);
    struct buffer out = buffer_make(65536);
    screen_begin(&screen, 40, 1);
    screen_put(&screen, SCREEN_PLAIN, "%s", "a\x1b[2J\r\nb");
    assert_string_equal(drawn(&screen, &out), "\x1b[1;1Ha\uFFFD[2J\uFFFD\uFFFDb\x1b[K");
    buffer_free(&out);
    screen_free(&screen);
}

static void test_any_size(void **state)
{
    (void)state;
    struct screen screen = screen_make(true, true);
    struct buffer out = buffer_make((size_t)4 * 1024 * 1024);
    static const unsigned sizes[] = {0, 1, 2, 80, 499, 500, 501, 100000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        screen_begin(&screen, sizes[i], sizes[i]);
        assert_true(screen.width <= SCREEN_CELLS_MAX && screen.height <= SCREEN_ROWS_MAX);
        for (int row = 0; row < 1000; row++) {
            screen_put(&screen, SCREEN_BAD, "%0600d", row);
            screen_next(&screen);
        }
        drawn(&screen, &out);
        assert_false(out.overflowed);
    }
    buffer_free(&out);
    screen_free(&screen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_what_differs_is_written),
        cmocka_unit_test(test_another_size_draws_all),
        cmocka_unit_test(test_rows_are_cut_and_rows_below_are_left_out),
        cmocka_unit_test(test_styles),
        cmocka_unit_test(test_text_cannot_steer_the_terminal),
        cmocka_unit_test(test_any_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
