/* r3e-worker: asks a coordinator for jobs, fetches leaderboards, sends what they hold. */
#include <limits.h>
#include <malloc.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "worker/json_arena.h"
#include "worker/options.h"
#include "worker/pool.h"
#include "worker/session.h"

#define ARGUMENTS_MOST 64

/* Larger pieces come from the system and go back to it when they are freed. Left to itself glibc raises this
 * limit with the first large piece freed, and a worker that met one large board stays large. */
#define HEAP_PIECE_MOST (128 * 1024)

/* The pool's children get the same command line and OPTIONS_SINGLE, which is the last word on it. */
static int run_pool(const struct options *options, int argc, char **argv)
{
    char self[PATH_MAX];
    const char *arguments[ARGUMENTS_MOST] = {self};
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length < 0 || argc + 2 > ARGUMENTS_MOST) {
        log_error(
            "cannot start this program again: %s", length < 0 ? "is /proc mounted?" : "too many arguments");
        return 1;
    }
    self[length] = 0;
    for (int i = 1; i < argc; i++)
        arguments[i] = argv[i];
    arguments[argc] = OPTIONS_SINGLE;
    return pool_run(arguments, options->pool);
}

static int run_session(const struct options *options)
{
    struct session_options session = {.endpoint = options->endpoint,
        .exit_deadline_ms = options->exit_deadline_ms,
        .allow_insecure = options->allow_insecure};
    mallopt(M_MMAP_THRESHOLD, HEAP_PIECE_MOST);
    json_arena_install();
    return session_run(&session);
}

int main(int argc, char **argv)
{
    struct options options;
    enum options_outcome outcome = options_parse(&options, argc, argv);
    if (outcome != OPTIONS_RUN)
        return outcome == OPTIONS_DONE ? 0 : 2;
    log_open("r3e-worker", options.log_level, options.log_format);
    return options.pool ? run_pool(&options, argc, argv) : run_session(&options);
}
