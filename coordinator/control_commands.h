#ifndef R3E_COORDINATOR_CONTROL_COMMANDS_H
#define R3E_COORDINATOR_CONTROL_COMMANDS_H
/* What each command of the control socket does (PROTOCOL.md, "Control"). */
#include <stdbool.h>
#include <stdint.h>

#include "common/catalogue.h"
#include "common/control_message.h"
#include "coordinator/collect.h"
#include "coordinator/dispatch.h"
#include "coordinator/events.h"
#include "coordinator/holds.h"
#include "coordinator/plan.h"
#include "coordinator/publisher.h"
#include "coordinator/refresh_run.h"
#include "coordinator/store.h"

/* All borrowed. */
struct control_parts {
    const struct catalogue *catalogue;
    struct plan *plan;
    struct store *store;
    struct dispatch *dispatch;
    struct collect *collect;
    struct publisher *publisher;
    struct refresh_run *refresh;
    struct holds *holds;
    struct events *events;
    void (*drain)(void *context); /* hand out nothing more, end when all is done and published */
    void *context;
};

/* Carries a request out. `*reply` (zeroed) is filled; `details` may get one JSON object. True if something
 * was put into the store, so that the answer has to wait for the commit. */
bool control_execute(const struct control_parts *parts, const struct control_request *request,
    struct control_reply *reply, struct buffer *details, int64_t now_ms, int64_t wall_ms);

#endif
