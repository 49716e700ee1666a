#include "coordinator/ctl/store_command.h"

#include <inttypes.h>
#include <stdio.h>

int store_command_run(const struct ctl_globals *where, const char *folder,
    int (*act)(const char *folder, void *context), void *context)
{
    if (folder)
        return act(folder, context);
    struct config config;
    int code = CTL_WRONG;
    if (ctl_load_config(where, &config))
        code = act(config.store.dir, context);
    config_free(&config);
    return code;
}

void store_command_progress(uint32_t done, uint32_t all)
{
    fprintf(
        stderr, "\r%" PRIu32 " of %" PRIu32 " boards checked%s", done, all, done == all ? "\r\033[K" : "");
}
