#include "coordinator/ctl/keys.h"

#include <string.h>

#include "tests/unit/unit.h"

static void test_keys(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        enum key keys[4]; /* up to KEY_NONE */
    } cases[] = {
        {"", {KEY_NONE}},
        {"q", {(enum key)'q'}},
        {"ab", {(enum key)'a', (enum key)'b'}},
        {"\x1b", {KEY_ESCAPE}},
        {"\x1b[Aq", {KEY_UP, (enum key)'q'}},
        {"\x1bOB", {KEY_DOWN}},
        {"\x1b[5~\x1b[6~", {KEY_PAGE_UP, KEY_PAGE_DOWN}},
        {"\x1b[H\x1b[4~", {KEY_HOME, KEY_END}},
        {"\x1b[1;5Cq", {KEY_OTHER, (enum key)'q'}}, /* Ctrl with an arrow: its q is none of ours */
        {"\x1b[200", {KEY_OTHER}},
        {"\x1b[", {KEY_OTHER}},
        {"\x1bO", {KEY_OTHER}},
        {"\x1bq", {KEY_ESCAPE, (enum key)'q'}},
        {"\t", {KEY_OTHER}},
        {"\xC3\xA4", {KEY_OTHER, KEY_OTHER}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t at = 0, used, length = strlen(cases[i].bytes);
        for (size_t k = 0; at < length; k++, at += used) {
            assert_int_equal(keys_next(cases[i].bytes + at, length - at, &used), cases[i].keys[k]);
            assert_true(used > 0 && used <= length - at);
        }
    }
}

/* Any bytes are taken, to their end. */
static void test_any_bytes(void **state)
{
    (void)state;
    static const char alphabet[] = "\x1b[O~AH5;q\xff";
    char bytes[64];
    uint32_t random = 1; /* Numerical Recipes' generator */
    for (unsigned turn = 0; turn < 3000; turn++) {
        for (size_t i = 0; i < sizeof bytes; i++) {
            random = random * 1664525u + 1013904223u;
            bytes[i] = alphabet[(random >> 16) % (sizeof alphabet - 1)];
        }
        size_t used;
        for (size_t at = 0; at < sizeof bytes; at += used) {
            keys_next(bytes + at, sizeof bytes - at, &used);
            assert_true(used > 0 && used <= sizeof bytes - at);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_keys), cmocka_unit_test(test_any_bytes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
