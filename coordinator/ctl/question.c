#include "coordinator/ctl/question.h"

#include <stdio.h>

#include "coordinator/ctl/told.h"

#define PARTS_MAX 10000 /* that a list may come in */

int question_run(const struct question *question, const struct ctl_globals *globals, int argc, char **argv)
{
    struct simple_options options;
    int code = simple_options_parse(
        &options, question->name, globals, argc, argv, question->fewest, question->most, question->wanted);
    if (code != CTL_DONE)
        return code;
    struct control_client *client = control_client_open(&options.where, question->name, &code);
    if (client)
        code = question->ask(client, &options);
    control_client_close(&client);
    return code;
}

/* `*from` becomes where the next part begins, 0: there is none. */
static bool take_part(
    struct text json, bool (*take)(void *context, const cJSON *details), void *context, uint64_t *from)
{
    cJSON *root = told_parse(json);
    const cJSON *details = told_member(root, "details"), *next = told_member(details, "next");
    uint64_t at = 0;
    bool ok = take(context, details) && (cJSON_IsNull(next) || (told_take_count(next, &at) && at > *from));
    *from = at;
    cJSON_Delete(root);
    return ok;
}

bool question_parts(struct control_client *client, const char *name, enum control_command command,
    bool (*take)(void *context, const cJSON *details), void *context)
{
    struct control_request request = {.command = command};
    struct control_reply reply;
    for (int part = 0; part < PARTS_MAX; part++) {
        if (!control_client_ask(client, &request, &reply))
            return false;
        if (reply.code != CONTROL_CODE_DONE) {
            fprintf(stderr, "r3ectl %s: the coordinator does not tell: %s\n", name, reply.text);
            return false;
        }
        if (!take_part(control_client_json(client), take, context, &request.from))
            break;
        if (!request.from)
            return true;
    }
    fprintf(
        stderr, "r3ectl %s: what the coordinator tells cannot be used; use r3ectl of its release\n", name);
    return false;
}
