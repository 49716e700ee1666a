#include "coordinator/control_execution.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void execution_say(struct execution *execution, enum control_code code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    execution->reply->code = code;
    /* A cut sentence is still one. */
    if (vsnprintf(execution->reply->text, sizeof execution->reply->text, format, arguments) < 0)
        execution->reply->text[0] = 0;
    va_end(arguments);
}

bool execution_target(const struct execution *execution, unsigned at, struct target *target)
{
    const char *text = execution->request->targets[at];
    return target_parse(text, strlen(text), target);
}
