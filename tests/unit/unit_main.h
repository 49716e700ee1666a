#ifndef R3E_TESTS_UNIT_MAIN_H
#define R3E_TESTS_UNIT_MAIN_H
/* Included before every unit test by its meson.build, which gives the main() of test_NAME.c the name
 * test_NAME_main, so that the tests of a group become one program: linking costs more than compiling. */
int main(void);

#endif
