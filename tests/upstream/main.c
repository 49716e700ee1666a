// r3e-upstream: a stand-in of RaceRoom's leaderboard service.
//
//   options     the command line
//   catalogue   tracks and classes
//   names       how people are called
//   drivers     who they are
//   world       who is on which board, at which place
//   page        rows as the service's JSON
//   truth       all boards, for tests to compare with
//   faults      which requests misbehave
//   listings    requests for listings and their answers
//   replies     what is sent
//   bodies      its memory
//   raw         what is sent past libmicrohttpd
//   limiter     the rate limit
//   delays      what happens later
//   stats       what the clients did
//   request_log the same in detail
//   serve       HTTP
#include "tests/upstream/delays.h"
#include "tests/upstream/options.h"
#include "tests/upstream/serve.h"
#include "tests/upstream/truth.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { EXIT_WRONG_USAGE = 2 };

static bool make_catalogue(struct catalogue *catalogue, const struct options *options)
{
    if (options->catalogue_file)
        return catalogue_read(catalogue, options->catalogue_file);
    if (options->world.worked_example)
        catalogue_make_worked_example(catalogue);
    else
        catalogue_make(catalogue, options->tracks, options->classes, options->world.seed);
    return true;
}

// Blocks the signals that end the service, in all threads to come, and returns a descriptor that tells of
// them.
static int open_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &set, SFD_CLOEXEC);
}

static void announce(const struct options *options, unsigned port)
{
    char host[INET_ADDRSTRLEN] = "";
    inet_ntop(AF_INET, &options->listen.sin_addr, host, sizeof host);
    printf("listening on http://%s:%u\n", host, port);
    fflush(stdout);
}

static void print_stats(const struct stats *stats)
{
    struct text line = {0};
    stats_append_json(&line, stats);
    printf("%.*s\n", (int)line.length, line.data);
    text_free(&line);
}

static int serve(const struct options *options, const struct world *world)
{
    int signals = open_signals();
    struct delays *delays = delays_new();
    struct server *server = signals < 0 ? NULL : server_start(options, world, delays);
    if (server) {
        announce(options, server_port(server));
        delays_run_until_readable(delays, signals);
        delays_stop(delays);
        server_stop(server);
        print_stats(server_stats(server));
        server_free(server);
    }
    delays_free(delays);
    close(signals);
    return server ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int run(const struct options *options, const struct world *world)
{
    if (options->write_catalogue_file && !catalogue_write(world->catalogue, options->write_catalogue_file))
        return EXIT_FAILURE;
    if (options->truth_file && !truth_write(world, options->truth_file))
        return EXIT_FAILURE;
    if (options->truth_file && !options->serve)
        return EXIT_SUCCESS;
    return serve(options, world);
}

int main(int count, char **arguments)
{
    struct options options;
    struct catalogue catalogue = {0};
    struct world world = {0};
    int status = EXIT_SUCCESS;
    enum options_result parsed = options_parse(&options, count, arguments);
    if (parsed == OPTIONS_OK) {
        status = EXIT_WRONG_USAGE;
        if (make_catalogue(&catalogue, &options) && world_make(&world, &options.world, &catalogue)) {
            status = run(&options, &world);
            world_free(&world);
        }
        catalogue_free(&catalogue);
    } else if (parsed == OPTIONS_WRONG) {
        status = EXIT_WRONG_USAGE;
    }
    options_free(&options);
    return status;
}
