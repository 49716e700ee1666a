#include "common/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/log.h"

/* The kernel's interface as of ABI 6, since <linux/landlock.h> may be older than the kernel that runs. */
#define CREATE_VERSION  1u
#define RULE_PATH       1
#define RULE_PORT       2
#define FS_EXECUTE      (1ull << 0)
#define FS_WRITE_FILE   (1ull << 1)
#define FS_READ_FILE    (1ull << 2)
#define FS_READ_DIR     (1ull << 3)
#define FS_REMOVE_DIR   (1ull << 4)
#define FS_REMOVE_FILE  (1ull << 5)
#define FS_MAKE_CHAR    (1ull << 6)
#define FS_MAKE_DIR     (1ull << 7)
#define FS_MAKE_REG     (1ull << 8)
#define FS_MAKE_SOCK    (1ull << 9)
#define FS_MAKE_FIFO    (1ull << 10)
#define FS_MAKE_BLOCK   (1ull << 11)
#define FS_MAKE_SYM     (1ull << 12)
#define FS_REFER        (1ull << 13)
#define FS_TRUNCATE     (1ull << 14) /* ABI 3 */
#define FS_IOCTL_DEV    (1ull << 15) /* ABI 5 */
#define NET_BIND_TCP    (1ull << 0)  /* ABI 4 */
#define NET_CONNECT_TCP (1ull << 1)
#define SCOPE_ABSTRACT  (1ull << 0) /* ABI 6 */
#define SCOPE_SIGNAL    (1ull << 1)

#define ABI_LEAST    2
#define ABI_TRUNCATE 3
#define ABI_IOCTL    5
#define ABI_SCOPE    6

/* Rights that a rule for a file, not a folder, may give. */
#define OF_FILES (FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE)

struct ruleset_attribute {
    uint64_t fs, net, scoped;
};

struct path_rule {
    uint64_t access;
    int32_t parent_fd;
} __attribute__((packed));

struct port_rule {
    uint64_t access, port;
};

/* ---- what is allowed ---- */

int landlock_abi(void)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, CREATE_VERSION);
    if (abi >= 0 && abi < ABI_LEAST)
        errno = EOPNOTSUPP;
    return abi < ABI_LEAST ? 0 : (int)abi;
}

void landlock_allow(struct landlock_rules *rules, unsigned use, const char *path)
{
    if (rules->path_count == LANDLOCK_PATHS_MAX)
        log_bug("landlock: more than %d paths", LANDLOCK_PATHS_MAX);
    rules->paths[rules->path_count++] = (struct landlock_path){path, use};
}

void landlock_allow_there(struct landlock_rules *rules, unsigned use, const char *path)
{
    if (path && access(path, F_OK) == 0)
        landlock_allow(rules, use, path);
}

void landlock_allow_port(struct landlock_ports *ports, uint16_t port)
{
    ports->limited = true;
    if (landlock_has_port(ports, port))
        return;
    if (ports->count == LANDLOCK_PORTS_MAX)
        log_bug("landlock: more than %d ports", LANDLOCK_PORTS_MAX);
    ports->ports[ports->count++] = port;
}

bool landlock_has_port(const struct landlock_ports *ports, uint16_t port)
{
    for (unsigned i = 0; i < ports->count; i++)
        if (ports->ports[i] == port)
            return true;
    return !ports->limited;
}

/* ---- as the kernel wants it ---- */

static uint64_t rights_of(unsigned use, int abi)
{
    uint64_t rights = 0;
    if (use & LANDLOCK_READ)
        rights |= FS_READ_FILE | FS_READ_DIR;
    if (use & LANDLOCK_WRITE)
        rights |= FS_WRITE_FILE | FS_REMOVE_DIR | FS_REMOVE_FILE | FS_MAKE_DIR | FS_MAKE_REG | FS_MAKE_SOCK |
                  FS_MAKE_SYM | FS_REFER;
    if (use & LANDLOCK_WRITE && abi >= ABI_TRUNCATE)
        rights |= FS_TRUNCATE;
    if (use & LANDLOCK_RUN)
        rights |= FS_EXECUTE;
    return rights;
}

static struct ruleset_attribute handled(const struct landlock_rules *rules, int abi)
{
    struct ruleset_attribute attribute = {.fs = rights_of(rules->limited, abi)};
    if (rules->limited & LANDLOCK_WRITE) /* what no rule of ours gives back */
        attribute.fs |= FS_MAKE_CHAR | FS_MAKE_FIFO | FS_MAKE_BLOCK | (abi >= ABI_IOCTL ? FS_IOCTL_DEV : 0);
    if (rules->connect.limited && abi >= LANDLOCK_ABI_PORTS)
        attribute.net |= NET_CONNECT_TCP;
    if (rules->bind.limited && abi >= LANDLOCK_ABI_PORTS)
        attribute.net |= NET_BIND_TCP;
    if (rules->scoped && abi >= ABI_SCOPE)
        attribute.scoped = SCOPE_SIGNAL | (rules->abstract_sockets ? 0 : SCOPE_ABSTRACT);
    return attribute;
}

/* The path itself, or the nearest folder above it that is there; -1: there is none but the root. */
static int open_nearest(const char *path)
{
    char part[PATH_MAX];
    size_t length = strlen(path);
    if (length >= sizeof part)
        return -1;
    memcpy(part, path, length + 1);
    int fd = open(part, O_PATH | O_CLOEXEC);
    while (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) {
        char *slash = strrchr(part, '/');
        if (slash == part)
            return -1;
        memcpy(slash ? slash : part, slash ? "" : ".", slash ? 1 : 2);
        fd = open(part, O_PATH | O_CLOEXEC);
        if (!slash)
            break;
    }
    return fd;
}

/* A path that cannot be opened allows nothing. */
static bool add_path(int ruleset, const struct landlock_path *allowed, uint64_t handled_fs, int abi)
{
    struct stat about;
    int fd = open_nearest(allowed->path);
    if (fd < 0)
        return true;
    struct path_rule rule = {.access = rights_of(allowed->use, abi) & handled_fs, .parent_fd = fd};
    bool ok = fstat(fd, &about) == 0;
    if (ok && !S_ISDIR(about.st_mode))
        rule.access &= OF_FILES;
    ok = ok && (!rule.access || syscall(SYS_landlock_add_rule, ruleset, RULE_PATH, &rule, 0u) == 0);
    int saved = errno;
    close(fd);
    errno = saved;
    return ok;
}

static bool add_ports(int ruleset, const struct landlock_ports *ports, uint64_t access, int abi)
{
    bool ok = true;
    for (unsigned i = 0; ok && abi >= LANDLOCK_ABI_PORTS && i < ports->count; i++) {
        struct port_rule rule = {.access = access, .port = ports->ports[i]};
        ok = syscall(SYS_landlock_add_rule, ruleset, RULE_PORT, &rule, 0u) == 0;
    }
    return ok;
}

static bool fill(int ruleset, const struct landlock_rules *rules, uint64_t handled_fs, int abi)
{
    bool ok = true;
    for (unsigned i = 0; ok && i < rules->path_count; i++)
        ok = add_path(ruleset, &rules->paths[i], handled_fs, abi);
    return ok && add_ports(ruleset, &rules->connect, NET_CONNECT_TCP, abi) &&
           add_ports(ruleset, &rules->bind, NET_BIND_TCP, abi);
}

bool landlock_restrict(const struct landlock_rules *rules, int abi)
{
    struct ruleset_attribute attribute = handled(rules, abi);
    size_t size = abi >= ABI_SCOPE            ? sizeof attribute
                  : abi >= LANDLOCK_ABI_PORTS ? offsetof(struct ruleset_attribute, scoped)
                                              : offsetof(struct ruleset_attribute, net);
    if (!attribute.fs && !attribute.net && !attribute.scoped)
        return true;
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attribute, size, 0u);
    if (ruleset < 0)
        return false;
    bool ok =
        fill(ruleset, rules, attribute.fs, abi) && syscall(SYS_landlock_restrict_self, ruleset, 0u) == 0;
    int saved = errno;
    close(ruleset);
    errno = saved;
    return ok;
}
