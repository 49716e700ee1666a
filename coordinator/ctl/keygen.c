#include "coordinator/ctl/keygen.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include "common/key_file.h"

#define NAME "keygen"

struct order {
    struct key_file key;
    const char *directory;
    bool force;
};

static int parse(struct order *order, int argc, char **argv)
{
    static const struct option long_options[] = {
        {"rights", required_argument, NULL, 'r'},
        {"directory", required_argument, NULL, 'd'},
        {"force", no_argument, NULL, 'f'},
        {NULL, 0, NULL, 0},
    };
    int option;
    while ((option = getopt_long(argc, argv, "r:d:", long_options, NULL)) != -1) {
        if (option == 'r' && !key_file_rights_parse(optarg, &order->key.rights))
            return ctl_wrong_usage(NAME,
                "--rights %s: is none of worker, monitor, operator, or a list of them with commas", optarg);
        if (option == 'd')
            order->directory = optarg;
        else if (option == 'f')
            order->force = true;
        else if (option != 'r')
            return ctl_wrong_usage(NAME, "unknown option or missing argument");
    }
    if (optind + 1 != argc)
        return ctl_wrong_usage(NAME, "name the key, and nothing else: such as coordinator, or a host's name");
    if (!key_file_name_is_right(argv[optind]))
        return ctl_wrong_usage(NAME, "\"%s\" is not 1 to 63 letters, digits, `.`, `_` and `-`", argv[optind]);
    memcpy(order->key.name, argv[optind], strlen(argv[optind]) + 1);
    return CTL_DONE;
}

static bool fill_path(const struct order *order, const char *suffix, char path[static PATH_MAX])
{
    int length = snprintf(path, PATH_MAX, "%s/%s%s", order->directory, order->key.name, suffix);
    if (length > 0 && length < PATH_MAX)
        return true;
    fprintf(stderr, "r3ectl " NAME ": the path of %s%s is too long\n", order->key.name, suffix);
    return false;
}

/* A key that is in use would be gone. */
static bool is_free(const struct order *order, const char *path)
{
    if (order->force || access(path, F_OK) != 0)
        return true;
    fprintf(stderr, "r3ectl " NAME ": %s is there already; choose another name, or replace it with --force\n",
        path);
    return false;
}

static bool write_file(const struct order *order, const char *path, bool secret)
{
    char error[FILE_ERROR_SIZE];
    struct buffer content = buffer_make(KEY_FILE_MAX);
    buffer_reserve(&content, KEY_FILE_MAX / 2); /* so that it does not move and leave a copy */
    key_file_format(&order->key, secret, &content);
    bool written = file_write_atomic(path, content.data, content.length, secret ? 0600 : 0644, error);
    if (!written)
        fprintf(stderr, "r3ectl " NAME ": %s\n", error);
    key_file_wipe_buffer(&content);
    return written;
}

static void say_what_next(const struct order *order, const char *secret, const char *public)
{
    char rights[KEY_FILE_RIGHTS_SIZE];
    key_file_rights_text(order->key.rights, rights);
    printf("%s  the secret key: keep it where it is used, it is its owner's only\n", secret);
    printf("%s  the public key, rights: %s\n", public, rights);
    if (order->key.rights)
        printf(
            "Copy %s into the folder of security.authorized_keys, and give %s as --key.\n", public, secret);
    else
        printf("It authorizes nothing, as a coordinator's own key: set security.server_key to %s, and give\n"
               "%s as --server-key.\n",
            secret, public);
}

static int make(struct order *order)
{
    char secret[PATH_MAX], public[PATH_MAX];
    if (!fill_path(order, ".key", secret) || !fill_path(order, ".pub", public) || !is_free(order, secret) ||
        !is_free(order, public))
        return CTL_FAILED;
    /* The public one last: whoever waits for it finds both. */
    if (!write_file(order, secret, true) || !write_file(order, public, false))
        return CTL_FAILED;
    say_what_next(order, secret, public);
    return CTL_DONE;
}

static int run(const struct ctl_globals *globals, int argc, char **argv)
{
    struct order order = {.directory = "."};
    (void)globals;
    int code = parse(&order, argc, argv);
    if (code != CTL_DONE)
        return code;
    if (zmq_curve_keypair(order.key.public_key, order.key.secret_key) != 0) {
        fprintf(stderr, "r3ectl " NAME ": cannot make keys: %s\n", zmq_strerror(errno));
        return CTL_FAILED;
    }
    code = make(&order);
    key_file_wipe(&order.key);
    return code;
}

const struct ctl_command keygen_command = {
    .name = NAME,
    .summary = "make a pair of keys for encrypted sockets",
    .help =
        "Usage: r3ectl " NAME " NAME [--rights RIGHT[,RIGHT]…] [--directory DIR] [--force]\n"
        "\n"
        "Writes NAME.key, the secret key, for its owner only, and NAME.pub, the public one. The coordinator\n"
        "has a key without rights; everybody else's .pub file goes into its folder\n"
        "security.authorized_keys, which it looks at every second: adding a file lets the key in, removing\n"
        "it ends its connections.\n"
        "\n"
        "  -r, --rights RIGHT     worker: jobs and results; monitor: status; operator: status and\n"
        "                         control. Without: none, for the coordinator's own key\n"
        "  -d, --directory DIR    where to write them (default: here)\n"
        "      --force            replace files of that name\n"
        "\n"
        "Exit codes: 0 done, 1 failed, 2 wrong usage.\n"
        "\n"
        "Examples:\n"
        "  r3ectl " NAME " coordinator --directory /etc/r3e-leaderboard\n"
        "  r3ectl " NAME " host2 --rights worker\n"
        "  r3ectl " NAME " alice --rights operator --directory ~/.config/r3e\n",
    .run = run,
};
