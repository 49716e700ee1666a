#include "common/fault_point.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fault_attempt.h"
#include "common/fault_trace.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/problem.h"

#define ERRNO_MOST 133 /* EHWPOISON, the last one that Linux has (errno(3)) */

/* Names on the command of a test; argument: whether one is needed. */
#define ACTIONS(X)                                                                                           \
    X(ACTION_KILL, "kill", false)                                                                            \
    X(ACTION_STOP, "stop", false)                                                                            \
    X(ACTION_EXIT, "exit", true)                                                                             \
    X(ACTION_PAUSE, "pause", true)                                                                           \
    X(ACTION_LEAK, "leak", true)                                                                             \
    X(ACTION_FAIL, "fail", true)                                                                             \
    X(ACTION_TRY, "try", true)

enum action {
    ACTION_NONE,
#define X(identifier, name, argument) identifier,
    ACTIONS(X)
#undef X
        ACTION_COUNT
};

static const struct {
    const char *name;
    bool argument;
} actions[] = {[ACTION_NONE] = {"", false},
#define X(identifier, name, argument) [identifier] = {name, argument},
    ACTIONS(X)
#undef X
};

static const struct {
    const char *name, *program;
    bool fails;
} points[] = {
#define X(identifier, name, program, fails) {name, program, fails},
    FAULT_POINTS(X)
#undef X
};

#define POINT_COUNT (sizeof points / sizeof *points)

struct order {
    long argument;
    enum fault_attempt attempt;
    const char *target; /* of the attempt; owned, and never freed: orders last as long as the process */
    unsigned long nth;  /* 0: each time */
    enum action action;
    bool onwards;
};

/* Process-wide, as the log is: a fault is no business of the functions it happens in. Written while there is
 * one thread, but for the counts. */
static struct {
    struct order orders[POINT_COUNT];
    atomic_ulong counts[POINT_COUNT];
    const char *once_file;
} state;

/* ---- specifications ---- */

#define refuse(problem, ...) problem_put(problem, FAULT_PROBLEM_SIZE, __VA_ARGS__)

static bool find_point(const char *name, size_t *point)
{
    for (*point = 0; *point < POINT_COUNT; (*point)++)
        if (strcmp(points[*point].name, name) == 0)
            return true;
    return false;
}

static bool find_action(const char *name, enum action *action)
{
    for (unsigned i = ACTION_NONE + 1; i < ACTION_COUNT; i++) {
        if (strcmp(actions[i].name, name) == 0) {
            *action = (enum action)i;
            return true;
        }
    }
    return false;
}

static bool read_number(const char *text, long *number)
{
    char *end;
    errno = 0;
    *number = strtol(text, &end, 10);
    return *text && !*end && errno == 0 && *number >= 0;
}

static bool read_errno(const char *text, long *number)
{
    if (read_number(text, number))
        return *number > 0 && *number <= ERRNO_MOST;
    for (int code = 1; code <= ERRNO_MOST; code++) {
        const char *name = strerrorname_np(code);
        if (name && strcmp(name, text) == 0) {
            *number = code;
            return true;
        }
    }
    return false;
}

/* NAME:TARGET, as in fault_attempt.h. */
static bool read_attempt(const char *text, struct order *order)
{
    for (int i = 0; i < FAULT_ATTEMPT_COUNT; i++) {
        size_t length = strlen(fault_attempt_name((enum fault_attempt)i));
        if (strncmp(text, fault_attempt_name((enum fault_attempt)i), length) == 0 && text[length] == ':') {
            order->attempt = (enum fault_attempt)i;
            order->target = memory_strdup(text + length + 1);
            return true;
        }
    }
    return false;
}

static bool read_argument(const char *text, struct order *order)
{
    switch (order->action) {
    case ACTION_FAIL:
        return read_errno(text, &order->argument);
    case ACTION_TRY:
        return read_attempt(text, order);
    default:
        return read_number(text, &order->argument);
    }
}

static bool read_count(char *text, struct order *order)
{
    long nth;
    size_t length = strlen(text);
    order->onwards = length > 0 && text[length - 1] == '+';
    if (order->onwards)
        text[length - 1] = 0;
    if (!read_number(text, &nth) || nth == 0)
        return false;
    order->nth = (unsigned long)nth;
    return true;
}

/* NAME=ACTION[:ARGUMENT][@NTH[+]], which is taken apart in its place. */
static bool read_order(char *text, struct order *orders, char problem[static FAULT_PROBLEM_SIZE])
{
    struct order order = {0};
    size_t point;
    char *action = strchr(text, '=');
    if (!action)
        return refuse(problem, "`%.60s` is not NAME=ACTION", text);
    *action++ = 0;
    char *count = strchr(action, '@');
    if (count)
        *count++ = 0;
    char *argument = strchr(action, ':');
    if (argument)
        *argument++ = 0;
    if (!find_point(text, &point))
        return refuse(problem, "no point is called `%.60s`; R3E_FAULT=list prints them", text);
    if (!find_action(action, &order.action))
        return refuse(problem, "`%.60s` is none of kill, stop, exit, pause, leak, fail, try", action);
    if (actions[order.action].argument != (argument != NULL))
        return refuse(problem, "`%s` %s", action, argument ? "takes no argument" : "needs an argument");
    if (order.action == ACTION_FAIL && !points[point].fails)
        return refuse(problem, "nothing can fail at %s", text);
    if (argument && !read_argument(argument, &order))
        return refuse(problem, "`%.60s` is no argument for `%s`", argument, action);
    if (count && !read_count(count, &order))
        return refuse(problem, "`@%.60s` is not @NTH or @NTH+, counted from 1", count);
    orders[point] = order;
    return true;
}

bool fault_point_arm(
    const char *specification, const char *once_file, char problem[static FAULT_PROBLEM_SIZE])
{
    struct order orders[POINT_COUNT] = {0};
    char *rest;
    char *copy = strdup(specification);
    bool ok = copy || refuse(problem, "out of memory");
    for (char *part = ok ? strtok_r(copy, ",", &rest) : NULL; ok && part; part = strtok_r(NULL, ",", &rest))
        ok = read_order(part, orders, problem);
    free(copy);
    if (!ok)
        memset(orders, 0, sizeof orders);
    memcpy(state.orders, orders, sizeof orders);
    for (size_t i = 0; i < POINT_COUNT; i++)
        atomic_store(&state.counts[i], 0);
    state.once_file = once_file;
    return ok;
}

_Noreturn static void list_points(void)
{
    for (size_t i = 0; i < POINT_COUNT; i++)
        printf("%s %s\n", points[i].name, points[i].program);
    exit(fflush(stdout) == 0 ? 0 : 1);
}

void fault_point_open(const char *program)
{
    char problem[FAULT_PROBLEM_SIZE];
    const char *specification = getenv("R3E_FAULT");
    fault_trace_open(program, getenv("R3E_TRACE"));
    if (!specification)
        return;
    if (strcmp(specification, "list") == 0)
        list_points();
    if (!fault_point_arm(specification, getenv("R3E_FAULT_ONCE"), problem))
        log_fatal("R3E_FAULT: %s", problem);
}

/* ---- acting ---- */

static bool is_due(const struct order *order, unsigned long count)
{
    return order->nth == 0 || count == order->nth || (order->onwards && count > order->nth);
}

/* True for the one process that may act. */
static bool take_turn(void)
{
    if (!state.once_file)
        return true;
    int fd = open(state.once_file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    close(fd);
    return true;
}

/* Beside the heap: it is no bug of ours that a leak checker should report. */
static void leak(size_t bytes)
{
    char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory != MAP_FAILED)
        memset(memory, 1, bytes);
}

static void act(const struct order *order)
{
    switch (order->action) {
    case ACTION_KILL:
        kill(getpid(), SIGKILL);
        for (;;) /* other threads must not go on either; the signal is on its way */
            pause();
    case ACTION_STOP:
        kill(getpid(), SIGSTOP);
        break;
    case ACTION_EXIT:
        _exit((int)order->argument);
    case ACTION_PAUSE:
        clock_sleep_ms(order->argument);
        break;
    case ACTION_LEAK:
        leak((size_t)order->argument * 1024);
        break;
    case ACTION_TRY:
        fault_attempt(order->attempt, order->target);
        break;
    default:
        break;
    }
}

bool fault_point_reached(enum fault_point point)
{
    const struct order *order = &state.orders[point];
    if (order->action == ACTION_NONE)
        return false;
    int saved = errno;
    if (!is_due(order, atomic_fetch_add(&state.counts[point], 1) + 1) || !take_turn()) {
        errno = saved;
        return false;
    }
    fault_trace("fault", "point=%s action=%s", points[point].name, actions[order->action].name);
    act(order);
    errno = order->action == ACTION_FAIL ? (int)order->argument : saved;
    return order->action == ACTION_FAIL;
}

const char *fault_point_name(enum fault_point point)
{
    return points[point].name;
}
