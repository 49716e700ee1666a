#include "exporter/httpd/confine.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "common/endpoint.h"
#include "common/hardening.h"
#include "common/log.h"
#include "common/process_limits.h"

/* Nothing but reading what every program reads. */
static struct hardening bare(void)
{
    struct hardening hardening = {.rules = {.limited = LANDLOCK_READ | LANDLOCK_WRITE | LANDLOCK_RUN,
                                      .connect.limited = true,
                                      .bind.limited = true,
                                      .scoped = true},
        .forbidden = FILTER_NO_EXEC | FILTER_NO_LISTENING | FILTER_NO_WRITING | FILTER_KEEP_OPENAT2,
        .quiet = true};
    hardening_allow_runtime(&hardening);
    return hardening;
}

static void allow_status(struct hardening *hardening, const char *status)
{
    struct endpoint endpoint;
    const char *problem;
    if (!endpoint_parse(status, &endpoint, &problem) || endpoint.kind != ENDPOINT_TCP)
        return;
    landlock_allow_port(&hardening->rules.connect, (uint16_t)endpoint.port);
    hardening_allow_resolver(hardening);
}

void confine(const struct options *options)
{
    struct process_limits limits = process_limits_of_all(&options->config);
    if (!process_limits_set(&limits))
        log_warn("cannot set the limits of the group hardening: %s", strerror(errno));
    if (!options->sandbox) {
        log_warn("this process is not confined: --no-sandbox, or hardening.sandbox = false");
        return;
    }
    struct hardening hardening = bare();
    landlock_allow_there(&hardening.rules, LANDLOCK_READ, options->public_dir);
    if (options->status)
        allow_status(&hardening, options->status);
    else
        hardening.forbidden |= FILTER_NO_SOCKETS;
    hardening_apply(&hardening);
}

void confine_broker(const char *public_dir)
{
    char above[PATH_MAX];
    struct hardening hardening = bare();
    const char *slash = strrchr(public_dir, '/');
    size_t length = slash ? (size_t)(slash - public_dir) : 0;
    if (length >= sizeof above)
        return; /* no such folder can be opened */
    memcpy(above, public_dir, length);
    above[length] = 0;
    landlock_allow(&hardening.rules, LANDLOCK_READ, length ? above : slash ? "/" : ".");
    hardening.forbidden |= FILTER_NO_SOCKETS;
    hardening_apply(&hardening);
}
