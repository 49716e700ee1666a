#ifndef R3E_COMMON_NOTIFY_H
#define R3E_COMMON_NOTIFY_H
/* Tells the service manager how a daemon is: that it is ready, what it does, that it is alive.
 *
 * systemd's protocol, sd_notify(3): datagrams of `NAME=value` lines to the socket that NOTIFY_SOCKET names.
 * The manual calls it stable and gives programs leave to speak it without libsystemd; that library would
 * bring half a dozen others into every short-lived worker. Where there is no such socket all of this does
 * nothing. Nothing here blocks or fails: a message that cannot be sent is dropped. One thread. */
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#define NOTIFY_STATUS_SIZE 256

struct notify {
    int fd; /* -1: nobody listens */
    struct sockaddr_un address;
    socklen_t address_length;
    int64_t watchdog_ms;             /* between two signs of life; 0: none is wanted */
    int64_t next_sign_ms;            /* monotonic */
    char status[NOTIFY_STATUS_SIZE]; /* last one told */
};

/* Takes NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID out of the environment, so that no child speaks for
 * us. Signs of life are sent at half the interval that is wanted, as sd_watchdog_enabled(3) recommends. */
void notify_open(struct notify *notify);

void notify_close(struct notify *notify);

/* READY=1: the sockets are there. Also after a reload. */
void notify_ready(struct notify *notify);

/* RELOADING=1 with the monotonic time. */
void notify_reloading(struct notify *notify);

/* STOPPING=1. */
void notify_stopping(struct notify *notify);

/* One line for `systemctl status`, cut at NOTIFY_STATUS_SIZE; the same one is told once. */
void notify_status(struct notify *notify, const char *status);

/* The start (or stop) takes so much longer: EXTEND_TIMEOUT_USEC. */
void notify_extend(struct notify *notify, int64_t duration_ms);

/* Call from the loop, so that a sign of life means progress. Returns how many milliseconds it may sleep. */
int64_t notify_tick(struct notify *notify, int64_t now_ms);

#endif
