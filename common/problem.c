#include "common/problem.h"

#include <stdarg.h>
#include <stdio.h>

bool problem_put(char *problem, size_t size, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (vsnprintf(problem, size, format, arguments) < 0)
        problem[0] = '\0';
    va_end(arguments);
    return false;
}
