#include "common/syscall_filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/sanitized.h"

/* Names that this libseccomp or this machine does not have are passed over. What the kernel gives only to who
 * has a capability is not listed (mount, reboot, modules, clocks …): nobody here has one, nor can get one
 * without a namespace. Each name costs: libseccomp copies its whole list for each rule. */
static const char *const never[] = {
    /* other processes, and ways around a filter */
    "process_vm_readv", "process_vm_writev", "process_madvise", "pidfd_getfd", "kcmp", "perf_event_open",
    "bpf", "userfaultfd", "io_uring_setup",
    /* keys */
    "add_key", "keyctl", "request_key",
    /* namespaces, and files by number */
    "setns", "unshare", "name_to_handle_at", "fanotify_init",
    /* parts of the kernel that are there for others */
    "modify_ldt", "uselib", "syslog", NULL};

static const char *const debugging[] = {"ptrace", NULL};
static const char *const starting[] = {"execve", "execveat", NULL};
static const char *const sockets[] = {"socket", "socketpair", "bind", "connect", NULL};
static const char *const listening[] = {"listen", NULL};
static const char *const changing[] = {"creat", "truncate", "truncate64", "mkdir", "mkdirat", "mknod",
    "mknodat", "rmdir", "unlink", "unlinkat", "rename", "renameat", "renameat2", "link", "linkat", "symlink",
    "symlinkat", "chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "chown32", "lchown", "lchown32",
    "fchown", "fchown32", "fchownat", "setxattr", "lsetxattr", "fsetxattr", "removexattr", "lremovexattr",
    "fremovexattr", "utime", "utimes", "futimesat", "utimensat", "utimensat_time64", NULL};

/* One after the other, as errors stay: 0 or -errno. */
static void forbid(scmp_filter_ctx filter, int *error, const char *const *names, unsigned code)
{
    for (; *names && *error == 0; names++) {
        int number = seccomp_syscall_resolve_name(*names);
        if (number != __NR_SCMP_ERROR)
            *error = seccomp_rule_add(filter, SCMP_ACT_ERRNO(code), number, 0);
    }
}

static void forbid_if(scmp_filter_ctx filter, int *error, int number, struct scmp_arg_cmp condition)
{
    if (*error == 0)
        *error = seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EPERM), number, 1, &condition);
}

/* Namespaces are where many of the kernel's holes are, and nobody here needs one. */
static void forbid_namespaces(scmp_filter_ctx filter, int *error)
{
    static const char *const unseen[] = {"clone3", NULL};
    static const scmp_datum_t flags[] = {
        CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET};
#if defined(__s390__)
    const unsigned place = 1;
#else
    const unsigned place = 0;
#endif
    forbid(filter, error, unseen, ENOSYS);
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        forbid_if(filter, error, SCMP_SYS(clone), SCMP_CMP(place, SCMP_CMP_MASKED_EQ, flags[i], flags[i]));
}

/* Unix, IPv4, IPv6, and the kernel's list of addresses (netlink), which glibc's resolver looks at. */
static void forbid_odd_sockets(scmp_filter_ctx filter, int *error)
{
    for (scmp_datum_t family = 0; family < AF_NETLINK; family++)
        if (family != AF_UNIX && family != AF_INET && family != AF_INET6)
            forbid_if(filter, error, SCMP_SYS(socket), SCMP_A0(SCMP_CMP_EQ, family));
    forbid_if(filter, error, SCMP_SYS(socket), SCMP_A0(SCMP_CMP_GT, AF_NETLINK));
}

static void forbid_open(scmp_filter_ctx filter, int *error, int number, unsigned place)
{
    static const scmp_datum_t modes[] = {O_WRONLY, O_RDWR, O_ACCMODE};
    static const scmp_datum_t flags[] = {O_CREAT, O_TRUNC};
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
        forbid_if(filter, error, number, SCMP_CMP(place, SCMP_CMP_MASKED_EQ, O_ACCMODE, modes[i]));
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        forbid_if(filter, error, number, SCMP_CMP(place, SCMP_CMP_MASKED_EQ, flags[i], flags[i]));
}

static void forbid_writing(scmp_filter_ctx filter, int *error, bool keep_openat2)
{
    static const char *const unseen[] = {"openat2", NULL};
    forbid(filter, error, changing, EPERM);
    forbid_open(filter, error, SCMP_SYS(open), 1);
    forbid_open(filter, error, SCMP_SYS(openat), 2);
    if (!keep_openat2)
        forbid(filter, error, unseen, ENOSYS);
}

static int fill(scmp_filter_ctx filter, unsigned forbidden)
{
    int error = 0;
    forbid(filter, &error, never, EPERM);
    if (!SANITIZED)
        forbid(filter, &error, debugging, EPERM);
    forbid_namespaces(filter, &error);
    if (forbidden & FILTER_NO_SOCKETS)
        forbid(filter, &error, sockets, EPERM);
    else
        forbid_odd_sockets(filter, &error);
    if (forbidden & FILTER_NO_EXEC)
        forbid(filter, &error, starting, EPERM);
    if (forbidden & FILTER_NO_LISTENING)
        forbid(filter, &error, listening, EPERM);
    if (forbidden & FILTER_NO_WRITING)
        forbid_writing(filter, &error, forbidden & FILTER_KEEP_OPENAT2);
    return error;
}

/* All threads; in the audit log; a balanced tree in place of a list; and no slower processor for it, which
 * Linux before 5.16 would bring with every filter. */
static int set_attributes(scmp_filter_ctx filter)
{
    static const struct {
        enum scmp_filter_attr attribute;
        uint32_t value;
    } wanted[] = {{SCMP_FLTATR_CTL_NNP, 0}, {SCMP_FLTATR_CTL_TSYNC, 1}, {SCMP_FLTATR_CTL_LOG, 1},
        {SCMP_FLTATR_CTL_SSB, 1}, {SCMP_FLTATR_CTL_OPTIMIZE, 2}};
    int error = 0;
    for (size_t i = 0; error == 0 && i < sizeof wanted / sizeof *wanted; i++) {
        error = seccomp_attr_set(filter, wanted[i].attribute, wanted[i].value);
        if (error == -EOPNOTSUPP) /* an older kernel; the filter is as good without */
            error = 0;
    }
    return error;
}

bool syscall_filter_load(unsigned forbidden)
{
    /* Asked first: without the call libseccomp would take to prctl(2), which valgrind does not survive. */
    uint32_t action = SECCOMP_RET_ERRNO;
    if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0u, &action) != 0)
        return false;
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    int error = filter ? set_attributes(filter) : -ENOMEM;
    if (error == 0)
        error = fill(filter, forbidden);
    if (error == 0)
        error = seccomp_load(filter);
    seccomp_release(filter);
    errno = -error;
    return error == 0;
}
