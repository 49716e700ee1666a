#ifndef R3E_COORDINATOR_CONTROL_EXECUTION_H
#define R3E_COORDINATOR_CONTROL_EXECUTION_H
/* One request of the control socket under way: for control_commands.c and control_queries.c only. */
#include "coordinator/control_commands.h"
#include "coordinator/target.h"

struct execution {
    const struct control_parts *parts;
    const struct control_request *request;
    struct control_reply *reply;
    struct buffer *details;
    int64_t now_ms, wall_ms;
    bool wrote;
};

/* The answer's code and sentence, which is cut if need be. */
void execution_say(struct execution *execution, enum control_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The request's target number `at`; false if it is not of the form TRACK or TRACK-CLASS. */
bool execution_target(const struct execution *execution, unsigned at, struct target *target);

#endif
