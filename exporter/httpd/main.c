/* r3e-httpd: serves the public folder, until a signal ends it. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"
#include "exporter/httpd/listener.h"
#include "exporter/httpd/options.h"
#include "exporter/httpd/public_folder.h"
#include "exporter/httpd/serve.h"

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

static void wait_for_signal(int fd)
{
    struct signalfd_siginfo info;
    while (read(fd, &info, sizeof info) < 0 && errno == EINTR)
        continue;
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

static int run(const struct options *options)
{
    char name[LISTENER_NAME_SIZE];
    char error[LISTENER_ERROR_SIZE];
    bool wrong_usage;
    if (!public_folder_supported())
        log_fatal("this needs openat2(2), so Linux 5.6 or newer and a container profile that allows it: %s",
            strerror(errno));
    if (!check_folder(options->public_dir))
        return EXIT_WRONG;
    int signal_fd = open_signals();
    int listen_fd = listener_open(options->listen, name, error, &wrong_usage);
    if (listen_fd < 0) {
        fprintf(stderr, "r3e-httpd: %s\n", error);
        close(signal_fd);
        return wrong_usage ? EXIT_WRONG : EXIT_FAILED;
    }
    struct serve *serve = serve_open(options->public_dir, listen_fd);
    if (!serve)
        log_fatal("cannot start libmicrohttpd: %s", strerror(errno));
    printf("serving %s on http://%s/\n", options->public_dir, name);
    fflush(stdout);
    wait_for_signal(signal_fd);
    serve_close(&serve);
    close(signal_fd);
    return EXIT_DONE;
}

int main(int argc, char **argv)
{
    struct options options;
    switch (options_parse(&options, argc, argv)) {
    case OPTIONS_RUN:
        log_open("r3e-httpd", LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
        return run(&options);
    case OPTIONS_DONE:
        return EXIT_DONE;
    case OPTIONS_WRONG:
        break;
    }
    return EXIT_WRONG;
}
