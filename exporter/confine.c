#include "exporter/confine.h"

#include <signal.h>

#include "common/hardening.h"
#include "common/log.h"
#include "exporter/folders.h"

void confine(const struct options *options)
{
    struct hardening hardening = {.rules = {.limited = LANDLOCK_READ | LANDLOCK_WRITE | LANDLOCK_RUN,
                                      .connect.limited = true,
                                      .bind.limited = true,
                                      .scoped = true},
        .forbidden = FILTER_NO_EXEC | FILTER_NO_SOCKETS | FILTER_NO_LISTENING,
        .quiet = true};
    signal(SIGXFSZ, SIG_IGN); /* a file over its limit is a failed write, which names the file */
    if (!options->sandbox) {
        log_warn("--no-sandbox: this exporter is not confined");
        return;
    }
    folders_make(options->public);
    landlock_allow(&hardening.rules, LANDLOCK_READ | LANDLOCK_WRITE, options->store);
    landlock_allow(&hardening.rules, LANDLOCK_READ | LANDLOCK_WRITE, options->public);
    hardening_allow_runtime(&hardening);
    hardening_apply(&hardening);
}
