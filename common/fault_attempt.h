#ifndef R3E_COMMON_FAULT_ATTEMPT_H
#define R3E_COMMON_FAULT_ATTEMPT_H
/* In builds with fault points alone: tries what a process should not be able to do, as somebody would who has
 * taken it over, and says what came of it. */

#define FAULT_ATTEMPTS(X)                                                                                    \
    X(FAULT_ATTEMPT_READ, "read")       /* opens a file */                                                   \
    X(FAULT_ATTEMPT_WRITE, "write")     /* makes a file, or opens it for writing */                          \
    X(FAULT_ATTEMPT_REMOVE, "remove")   /* removes a file */                                                 \
    X(FAULT_ATTEMPT_RUN, "run")         /* starts a program, in a child */                                   \
    X(FAULT_ATTEMPT_CONNECT, "connect") /* by TCP to IPV4:PORT */                                            \
    X(FAULT_ATTEMPT_LISTEN, "listen")   /* on IPV4:PORT */                                                   \
    X(FAULT_ATTEMPT_CALL, "call")       /* a system call by its number, with arguments 0 */                  \
    X(FAULT_ATTEMPT_SIGNAL, "signal")   /* SIGTERM to a process */

enum fault_attempt {
#define X(identifier, name) identifier,
    FAULT_ATTEMPTS(X)
#undef X
        FAULT_ATTEMPT_COUNT
};

const char *fault_attempt_name(enum fault_attempt attempt);

/* Tries it on `target` and logs one line: "attempt: write /tmp/x: Operation not permitted", or "…: it was
 * done". */
void fault_attempt(enum fault_attempt attempt, const char *target);

#endif
