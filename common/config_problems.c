#include "common/config_problems.h"

#include <stdarg.h>

#include "common/unicode.h"

#define LINE_MAX_BYTES 2000

struct config_problems config_problems_make(void)
{
    return (struct config_problems){.text = buffer_make((size_t)CONFIG_PROBLEMS_MAX * (LINE_MAX_BYTES + 1))};
}

void config_problems_free(struct config_problems *problems)
{
    buffer_free(&problems->text);
    problems->count = 0;
}

static size_t add_place(char *line, size_t size, const char *file, unsigned number)
{
    int length = 0;
    if (file && number)
        length = snprintf(line, size, "%s:%u: ", file, number);
    else if (file)
        length = snprintf(line, size, "%s: ", file);
    if (length < 0)
        return 0;
    return (size_t)length < size ? (size_t)length : size - 1;
}

void config_problems_add(
    struct config_problems *problems, const char *file, unsigned line, const char *format, ...)
{
    if (problems->count++ >= CONFIG_PROBLEMS_MAX)
        return;
    char text[LINE_MAX_BYTES];
    size_t length = add_place(text, sizeof(text), file, line);
    va_list arguments;
    va_start(arguments, format);
    int added = vsnprintf(text + length, sizeof(text) - length, format, arguments);
    va_end(arguments);
    if (added > 0)
        length += (size_t)added < sizeof(text) - length ? (size_t)added : sizeof(text) - length - 1;
    unicode_make_printable(text);
    buffer_append(&problems->text, text, length);
    buffer_append_byte(&problems->text, '\n');
}

void config_problems_print(const struct config_problems *problems, FILE *stream)
{
    if (problems->text.length)
        fwrite(problems->text.data, 1, problems->text.length, stream);
    if (problems->count > CONFIG_PROBLEMS_MAX)
        fprintf(stream, "… and %zu more problems\n", problems->count - CONFIG_PROBLEMS_MAX);
}
