#include "common/hardening.h"

#include <errno.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/log.h"

#define DNS_PORT  53
#define SAID_SIZE 400

/* What is to be had, and what was not. */
struct outcome {
    char said[SAID_SIZE], missing[SAID_SIZE];
};

static void __attribute__((format(printf, 2, 3))) add(char list[static SAID_SIZE], const char *format, ...)
{
    size_t length = strlen(list);
    va_list arguments;
    va_start(arguments, format);
    int written = vsnprintf(list + length, SAID_SIZE - length, format, arguments);
    va_end(arguments);
    if (written < 0 || (size_t)written >= SAID_SIZE - length)
        log_bug("hardening: the list of what there is became too long");
}

static void note(struct outcome *outcome, bool ok, const char *what)
{
    char *list = ok ? outcome->said : outcome->missing;
    add(list, "%s%s", *list ? ", " : "", what);
    if (!ok)
        add(list, " (%s)", strerror(errno));
}

/* ---- capabilities ---- */

static bool have_none(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};
    return syscall(SYS_capget, &header, data) == 0 && !data[0].permitted && !data[1].permitted;
}

/* Those that no exec could give back go first, which needs one of them (CAP_SETPCAP): who has not got it
 * keeps that set, and it is worth nothing with no_new_privs. */
static bool drop_capabilities(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};
    for (unsigned long capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++)
        if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0)
            break;
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    return syscall(SYS_capset, &header, none) == 0 || have_none();
}

/* ---- what is allowed ---- */

void hardening_allow_runtime(struct hardening *hardening)
{
    static const char *const paths[] = {"/usr", "/lib", "/lib32", "/lib64", "/libx32", "/etc/ld.so.cache",
        "/etc/localtime", "/proc", "/sys/devices/system/cpu", "/dev/null", "/dev/zero", "/dev/random",
        "/dev/urandom"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        landlock_allow_there(&hardening->rules, LANDLOCK_READ, paths[i]);
}

void hardening_allow_manager(struct hardening *hardening)
{
    const char *manager = getenv("NOTIFY_SOCKET");
    if (manager && manager[0] == '@')
        hardening->rules.abstract_sockets = true;
}

void hardening_allow_resolver(struct hardening *hardening)
{
    char *resolver = hardening->resolver;
    static const char *const paths[] = {"/etc", "/run/systemd/resolve", "/run/resolvconf",
        "/run/NetworkManager", "/run/nscd", "/var/lib/ca-certificates"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        landlock_allow_there(&hardening->rules, LANDLOCK_READ, paths[i]);
    char *slash = realpath("/etc/resolv.conf", resolver) ? strrchr(resolver, '/') : NULL;
    if (slash && slash != resolver) {
        *slash = 0;
        landlock_allow_there(&hardening->rules, LANDLOCK_READ, resolver);
    }
    landlock_allow_there(&hardening->rules, LANDLOCK_READ, getenv("SSL_CERT_FILE"));
    landlock_allow_there(&hardening->rules, LANDLOCK_READ, getenv("SSL_CERT_DIR"));
    if (hardening->rules.connect.limited)
        landlock_allow_port(&hardening->rules.connect, DNS_PORT);
}

#define TESTS_FOLDERS 2 /* whose paths the rules borrow */

#ifdef R3E_FAULT_POINTS
/* What tests have each process write to. Files are made there, so it is their folders. */
static void allow_tests(struct hardening *hardening, char folders[static TESTS_FOLDERS][PATH_MAX])
{
    static const char *const names[TESTS_FOLDERS] = {"R3E_TRACE", "R3E_FAULT_ONCE"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *path = getenv(names[i]);
        int length = path ? snprintf(folders[i], PATH_MAX, "%s", path) : 0;
        if (length <= 0 || length >= PATH_MAX)
            continue;
        char *slash = strrchr(folders[i], '/');
        if (slash)
            *slash = 0;
        landlock_allow(&hardening->rules, LANDLOCK_READ | LANDLOCK_WRITE, slash ? folders[i] : ".");
        hardening->forbidden &= ~(unsigned)FILTER_NO_WRITING;
    }
}
#else
static void allow_tests(struct hardening *hardening, char folders[static TESTS_FOLDERS][PATH_MAX])
{
    (void)hardening;
    (void)folders;
}
#endif

/* ---- doing it ---- */

static void say(const struct hardening *hardening, const struct outcome *outcome)
{
    const char *given_up = *outcome->said ? outcome->said : "nothing";
    if (*outcome->missing)
        log_warn("hardening: %s; not to be had here: %s", given_up, outcome->missing);
    else if (!hardening->quiet)
        log_info("hardening: %s", given_up);
}

static void apply_landlock(const struct hardening *hardening, struct outcome *outcome)
{
    char what[40];
    int abi = landlock_abi();
    bool limits_ports = hardening->rules.connect.limited || hardening->rules.bind.limited;
    int length =
        abi ? snprintf(what, sizeof what, "Landlock ABI %d", abi) : snprintf(what, sizeof what, "Landlock");
    if (length < 0)
        what[0] = 0;
    note(outcome, abi && landlock_restrict(&hardening->rules, abi), what);
    errno = ENOSYS;
    if (abi && abi < LANDLOCK_ABI_PORTS && limits_ports)
        note(outcome, false, "Landlock's rules for TCP ports");
}

bool hardening_apply(struct hardening *hardening)
{
    struct outcome outcome = {0};
    char folders[TESTS_FOLDERS][PATH_MAX];
    allow_tests(hardening, folders);
    note(&outcome, prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no new privileges");
    apply_landlock(hardening, &outcome); /* first: root may open paths that are not its own */
    note(&outcome, drop_capabilities(), "no capabilities");
    note(&outcome, syscall_filter_load(hardening->forbidden), "a filter of system calls");
    say(hardening, &outcome);
    return !*outcome.missing;
}

bool hardening_narrow(const struct landlock_rules *rules)
{
    int abi = landlock_abi();
    return !abi || landlock_restrict(rules, abi);
}
