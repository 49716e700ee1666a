#include "coordinator/ctl/command.h"

#include <stdarg.h>
#include <stdio.h>

bool ctl_load_config(const struct ctl_globals *globals, struct config *config)
{
    if (!globals->config_path) {
        config_defaults(config);
        fputs("r3ectl: this needs the configuration; name it with r3ectl --config FILE …\n", stderr);
        return false;
    }
    struct config_problems problems = config_problems_make();
    bool loaded = config_load(config, globals->config_path, NULL, 0, &problems);
    config_problems_print(&problems, stderr);
    config_problems_free(&problems);
    return loaded;
}

int ctl_wrong_usage(const char *name, const char *format, ...)
{
    fprintf(stderr, "r3ectl %s: ", name);
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, "\nTry: r3ectl %s --help\n", name);
    return CTL_WRONG;
}
