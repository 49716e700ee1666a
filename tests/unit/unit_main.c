/* Runs the unit test that its argument names. UNIT_TESTS of the build is the list of the group:
 * T(one)T(other). */
#include <stdio.h>
#include <string.h>

#define T(name) int test_##name##_main(void);
UNIT_TESTS
#undef T

static const struct {
    const char *name;
    int (*run)(void);
} tests[] = {
#define T(name) {#name, test_##name##_main},
    UNIT_TESTS
#undef T
};

int main(int count, char **arguments)
{
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        if (count == 2 && strcmp(tests[i].name, arguments[1]) == 0)
            return tests[i].run();
    fprintf(stderr, "Usage: %s TEST, one of:\n", arguments[0]);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        fprintf(stderr, "  %s\n", tests[i].name);
    return 2;
}
