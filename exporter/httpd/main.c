/* r3e-httpd: serves the public folder, until a signal ends it. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include "common/clock.h"
#include "common/fault_point.h"
#include "common/log.h"
#include "exporter/httpd/confine.h"
#include "exporter/httpd/folder_broker.h"
#include "exporter/httpd/listener.h"
#include "exporter/httpd/options.h"
#include "exporter/httpd/public_folder.h"
#include "exporter/httpd/serve.h"
#include "exporter/httpd/status_feed.h"

#define TICK_MS           250
#define OTHER_DESCRIPTORS 40 /* standard ones, epoll, ZeroMQ, /proc for the metrics */

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_WRONG = 2 };

/* Blocks what ends us, for the server's threads too, and returns the descriptor that tells of it. SIGPIPE
 * (from sendfile(2) to a client that went away) is blocked and never read. */
static int open_signals(void)
{
    sigset_t blocked;
    sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGINT);
    sigaddset(&wanted, SIGTERM);
    blocked = wanted;
    sigaddset(&blocked, SIGPIPE);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    int fd = signalfd(-1, &wanted, SFD_CLOEXEC);
    if (fd < 0)
        log_fatal("cannot watch for signals: %s", strerror(errno));
    return fd;
}

/* Until a signal ends it. */
static void run_server(struct serve *serve, int signal_fd)
{
    struct pollfd item = {.fd = signal_fd, .events = POLLIN};
    while (poll(&item, 1, TICK_MS) == 0 || (item.revents == 0 && errno == EINTR))
        serve_tick(serve, clock_monotonic_ms());
}

/* How many connections the limit of descriptors allows, raised as far as we may: each needs two. So accept(2)
 * and open(2) never fail for want of one, in the middle of a request. */
static unsigned allowed_connections(void)
{
    struct rlimit limit;
    const rlim_t wanted = 2 * SERVE_CONNECTIONS_MAX + OTHER_DESCRIPTORS;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return SERVE_CONNECTIONS_MAX;
    if (limit.rlim_cur < wanted) {
        limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    if (limit.rlim_cur >= wanted)
        return SERVE_CONNECTIONS_MAX;
    if (limit.rlim_cur < 2 * SERVE_CONNECTIONS_MIN + OTHER_DESCRIPTORS)
        log_fatal("only %llu descriptors are allowed (ulimit -n): that is too few, allow %llu",
            (unsigned long long)limit.rlim_cur, (unsigned long long)wanted);
    unsigned connections = (unsigned)(limit.rlim_cur - OTHER_DESCRIPTORS) / 2;
    log_warn(
        "only %llu descriptors are allowed (ulimit -n), so %u connections at a time; %llu would do for %d",
        (unsigned long long)limit.rlim_cur, connections, (unsigned long long)wanted, SERVE_CONNECTIONS_MAX);
    return connections;
}

/* A folder that is not there yet is fine: the exporter will make it. */
static bool check_folder(const char *folder)
{
    struct stat about;
    if (stat(folder, &about) != 0) {
        if (errno != ENOENT)
            log_warn("%s: %s", folder, strerror(errno));
        else
            log_warn("%s does not exist yet", folder);
        return true;
    }
    if (!S_ISDIR(about.st_mode))
        fprintf(stderr, "r3e-httpd: --public %s is not a folder\n", folder);
    return S_ISDIR(about.st_mode);
}

static struct public_folder find_folder(const char *path)
{
    struct public_folder folder = {.path = path};
    if (!public_folder_has_openat2()) {
        folder.by_walk = true;
        log_info("there is no openat2(2) here (%s): paths are resolved step by step", strerror(errno));
    }
    return folder;
}

/* `listen_fd` is taken. */
static int serve_folder(const struct options *options, int listen_fd, const char *name, int signal_fd)
{
    struct public_folder folder = find_folder(options->public_dir);
    struct status_feed *feed = NULL;
    if (options->sandbox) {
        folder.broker = folder_broker_start(&folder);
        if (!folder.broker)
            log_fatal("cannot start the process that opens a new public folder: %s", strerror(errno));
    }
    confine(options);
    if (options->status) {
        feed = status_feed_open(options->status, options->key_path ? &options->keys : NULL);
        if (!feed)
            log_fatal("cannot listen to --status %s: %s", options->status, zmq_strerror(errno));
    }
    struct serve *serve = serve_open(&folder, feed, listen_fd, allowed_connections());
    if (!serve)
        log_fatal("cannot start libmicrohttpd: %s", strerror(errno));
    printf("serving %s on http://%s/\n", options->public_dir, name);
    fflush(stdout);
    run_server(serve, signal_fd);
    serve_close(&serve);
    status_feed_close(&feed);
    folder_broker_close(&folder.broker);
    return EXIT_DONE;
}

static int run(const struct options *options)
{
    char name[LISTENER_NAME_SIZE];
    char error[LISTENER_ERROR_SIZE];
    bool wrong_usage;
    if (!check_folder(options->public_dir))
        return EXIT_WRONG;
    int signal_fd = open_signals();
    int listen_fd = listener_open(options->listen, name, error, &wrong_usage);
    int code = wrong_usage ? EXIT_WRONG : EXIT_FAILED;
    if (listen_fd < 0)
        fprintf(stderr, "r3e-httpd: %s\n", error);
    else
        code = serve_folder(options, listen_fd, name, signal_fd);
    close(signal_fd);
    return code;
}

int main(int argc, char **argv)
{
    struct options options;
    int code = EXIT_WRONG;
    fault_point_open("r3e-httpd");
    switch (options_parse(&options, argc, argv)) {
    case OPTIONS_RUN:
        log_open("r3e-httpd", LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
        code = run(&options);
        break;
    case OPTIONS_DONE:
        code = EXIT_DONE;
        break;
    case OPTIONS_WRONG:
        break;
    }
    options_free(&options);
    return code;
}
