#include "coordinator/ctl/failed_list.h"

#include <stdio.h>

#define PARTS_MAX 10000 /* answers that a list may come in */

/* False: this is no such answer. `*from` becomes where the next part begins, 0: there is none. */
static bool visit_part(
    struct text json, void (*visit)(void *context, const cJSON *board), void *context, uint64_t *from)
{
    cJSON *root = cJSON_ParseWithLength(json.data, json.length);
    const cJSON *details = cJSON_GetObjectItemCaseSensitive(root, "details");
    const cJSON *boards = cJSON_GetObjectItemCaseSensitive(details, "failed"), *board;
    const cJSON *next = cJSON_GetObjectItemCaseSensitive(details, "next");
    bool ok = cJSON_IsArray(boards);
    cJSON_ArrayForEach(board, boards)
    {
        visit(context, board);
    }
    bool more = cJSON_IsNumber(next) && next->valuedouble > (double)*from && next->valuedouble < 0x1p53;
    *from = more ? (uint64_t)next->valuedouble : 0;
    cJSON_Delete(root);
    return ok;
}

bool failed_list_visit(struct control_client *client, const char *command,
    void (*visit)(void *context, const cJSON *board), void *context)
{
    struct control_request request = {.command = CONTROL_FAILED};
    struct control_reply reply;
    for (int part = 0; part < PARTS_MAX; part++) {
        if (!control_client_ask(client, &request, &reply))
            return false;
        if (reply.code != CONTROL_CODE_DONE ||
            !visit_part(control_client_json(client), visit, context, &request.from)) {
            fprintf(stderr, "r3ectl %s: %s; use r3ectl of the coordinator's release\n", command, reply.text);
            return false;
        }
        if (!request.from)
            break;
    }
    return true;
}
