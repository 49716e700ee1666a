#include "common/notify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"

#define MESSAGE_SIZE (NOTIFY_STATUS_SIZE + 32)
#define SLEEP_MS     INT64_C(3600000)

static void say(const struct notify *notify, const char *message)
{
    if (notify->fd < 0)
        return;
    int saved = errno;
    ssize_t ignored = sendto(notify->fd, message, strlen(message), MSG_NOSIGNAL | MSG_DONTWAIT,
        (const struct sockaddr *)&notify->address, notify->address_length);
    (void)ignored;
    errno = saved;
}

/* False: not an address that the manual allows. */
static bool take_address(struct notify *notify, const char *path)
{
    size_t length = strlen(path);
    if ((path[0] != '/' && path[0] != '@') || length < 2 || length >= sizeof notify->address.sun_path)
        return false;
    notify->address.sun_family = AF_UNIX;
    memcpy(notify->address.sun_path, path, length);
    if (path[0] == '@')
        notify->address.sun_path[0] = 0; /* the abstract namespace, unix(7) */
    notify->address_length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    return true;
}

/* Milliseconds that the manager waits for a sign of life of this process; 0: for none. */
static int64_t watchdog_wanted(void)
{
    const char *interval = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
    if (!interval || (pid && strtoll(pid, NULL, 10) != (long long)getpid()))
        return 0;
    long long interval_us = strtoll(interval, NULL, 10);
    return interval_us > 0 ? interval_us / 1000 : 0;
}

void notify_open(struct notify *notify)
{
    *notify = (struct notify){.fd = -1};
    const char *path = getenv("NOTIFY_SOCKET");
    if (path && path[0]) {
        if (take_address(notify, path))
            notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (notify->fd < 0)
            log_warn("cannot tell the service manager anything: NOTIFY_SOCKET is %.200s", path);
    }
    if (notify->fd >= 0)
        notify->watchdog_ms = watchdog_wanted();
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
}

void notify_close(struct notify *notify)
{
    if (notify->fd >= 0)
        close(notify->fd);
    notify->fd = -1;
}

void notify_ready(struct notify *notify)
{
    say(notify, "READY=1");
}

void notify_reloading(struct notify *notify)
{
    char message[MESSAGE_SIZE];
    int length =
        snprintf(message, sizeof message, "RELOADING=1\nMONOTONIC_USEC=%" PRId64, clock_monotonic_us());
    if (length > 0)
        say(notify, message);
}

void notify_stopping(struct notify *notify)
{
    say(notify, "STOPPING=1");
}

void notify_status(struct notify *notify, const char *status)
{
    char message[MESSAGE_SIZE];
    if (notify->fd < 0 || strncmp(notify->status, status, sizeof notify->status - 1) == 0)
        return;
    int length = snprintf(notify->status, sizeof notify->status, "%s", status);
    if (length < 0)
        return;
    length = snprintf(message, sizeof message, "STATUS=%s", notify->status);
    if (length > 0)
        say(notify, message);
}

void notify_extend(struct notify *notify, int64_t duration_ms)
{
    char message[MESSAGE_SIZE];
    int length = snprintf(message, sizeof message, "EXTEND_TIMEOUT_USEC=%" PRId64, duration_ms * 1000);
    if (length > 0)
        say(notify, message);
}

int64_t notify_tick(struct notify *notify, int64_t now_ms)
{
    if (!notify->watchdog_ms)
        return SLEEP_MS;
    if (now_ms >= notify->next_sign_ms) {
        say(notify, "WATCHDOG=1");
        notify->next_sign_ms = now_ms + notify->watchdog_ms / 2;
    }
    return notify->next_sign_ms - now_ms;
}
