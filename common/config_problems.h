#ifndef R3E_COMMON_CONFIG_PROBLEMS_H
#define R3E_COMMON_CONFIG_PROBLEMS_H
/* What is wrong with a configuration or catalogue file: all of it, one line for each problem.
 *
 *     FILE:LINE: group.key: what is wrong; what is allowed
 *     --set group.key=value: what is wrong; what is allowed
 *
 * Control characters and ill-formed UTF-8 of quoted input are shown as `?`, so a file cannot forge lines. At
 * most CONFIG_PROBLEMS_MAX lines are kept; the rest is counted. */
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "common/buffer.h"

#define CONFIG_PROBLEMS_MAX 100

struct config_problems {
    struct buffer text; /* the lines, each with its line feed */
    size_t count;       /* all that were found, also those not kept */
};

/* Release with config_problems_free. */
struct config_problems config_problems_make(void);

void config_problems_free(struct config_problems *problems);

/* Adds the line "FILE:LINE: message"; without a file "message" alone, with `line` 0 "FILE: message". */
void config_problems_add(struct config_problems *problems, const char *file, unsigned line,
    const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Writes all lines and, where some were left out, how many. Nothing if there are none. */
void config_problems_print(const struct config_problems *problems, FILE *stream);

#endif
