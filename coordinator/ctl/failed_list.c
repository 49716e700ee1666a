#include "coordinator/ctl/failed_list.h"

#include "coordinator/ctl/question.h"
#include "coordinator/ctl/told.h"

struct visiting {
    void (*visit)(void *context, const cJSON *board);
    void *context;
};

static bool visit_part(void *context, const cJSON *details)
{
    const struct visiting *visiting = context;
    const cJSON *boards = told_member(details, "failed"), *board;
    cJSON_ArrayForEach(board, boards)
    {
        visiting->visit(visiting->context, board);
    }
    return cJSON_IsArray(boards);
}

bool failed_list_visit(struct control_client *client, const char *command,
    void (*visit)(void *context, const cJSON *board), void *context)
{
    struct visiting visiting = {visit, context};
    return question_parts(client, command, CONTROL_FAILED, visit_part, &visiting);
}
