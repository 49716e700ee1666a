#ifndef R3E_COORDINATOR_CONTROL_QUERIES_H
#define R3E_COORDINATOR_CONTROL_QUERIES_H
/* The commands of the control socket that change nothing (PROTOCOL.md, "Control"). Lists come in parts that
 * fit an answer: `next` says where the next part begins. */
#include "coordinator/control_execution.h"

void control_query_why(struct execution *execution);
void control_query_board(struct execution *execution);
void control_query_failed(struct execution *execution);
void control_query_names(struct execution *execution);

#endif
