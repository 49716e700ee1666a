#ifndef R3E_COMMON_PROBLEM_H
#define R3E_COMMON_PROBLEM_H
/* What is wrong with something from outside, in words, for whoever asked for it. */
#include <stdbool.h>
#include <stddef.h>

/* Writes the sentence into `problem` of `size` bytes, cut where it does not fit, and returns false: what a
 * function that found a problem returns. */
bool problem_put(char *problem, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
