#include "common/control_message.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "common/json_parse.h"
#include "common/json_type.h"
#include "common/json_writer.h"
#include "common/problem.h"
#include "common/unicode.h"

#define SAFE_INTEGER_MAX ((uint64_t)1 << 53) /* what a JSON number carries without loss */

#define X(name, string, fewest, most, takes) {string, fewest, most, takes},
static const struct {
    const char *string;
    unsigned fewest, most;
    unsigned takes;
} commands[] = {CONTROL_COMMANDS(X)};
#undef X

const char *control_command_string(enum control_command command)
{
    return commands[command].string;
}

/* ---- encoding ---- */

static void begin(struct json_writer *json, const char *type)
{
    json_object_begin(json);
    json_key(json, "v");
    json_uint(json, CONTROL_VERSION);
    json_key(json, "type");
    json_string(json, type);
}

bool control_request_encode(const struct control_request *request, struct buffer *out)
{
    size_t start = out->length;
    struct json_writer json = json_writer_make(out);
    begin(&json, "command");
    json_key(&json, "command");
    json_string(&json, commands[request->command].string);
    if (request->target_count) {
        json_key(&json, "targets");
        json_array_begin(&json);
        for (unsigned i = 0; i < request->target_count; i++)
            json_string(&json, request->targets[i]);
        json_array_end(&json);
    }
    if (request->for_s) {
        json_key(&json, "for_s");
        json_uint(&json, request->for_s);
    }
    if (request->reason[0]) {
        json_key(&json, "reason");
        json_string(&json, request->reason);
    }
    if (request->run) {
        json_key(&json, "run");
        json_uint(&json, request->run);
    }
    if (request->from) {
        json_key(&json, "from");
        json_uint(&json, request->from);
    }
    json_object_end(&json);
    return !out->overflowed && out->length - start <= CONTROL_REQUEST_MAX;
}

void control_reply_encode(const struct control_reply *reply, struct text details, struct buffer *out)
{
    struct json_writer json = json_writer_make(out);
    begin(&json, "reply");
    json_key(&json, "ok");
    json_bool(&json, reply->code == CONTROL_CODE_DONE || reply->code == CONTROL_CODE_PARTLY);
    json_key(&json, "code");
    json_uint(&json, (uint64_t)reply->code);
    json_key(&json, "text");
    json_string(&json, reply->text);
    if (reply->run) {
        json_key(&json, "run");
        json_uint(&json, reply->run);
        json_key(&json, "pending");
        json_bool(&json, reply->pending);
    }
    if (details.length) {
        json_key(&json, "details");
        json_raw(&json, details);
    }
    json_object_end(&json);
}

/* ---- decoding ---- */

#define complain(problem, ...) problem_put(problem, CONTROL_PROBLEM_SIZE, __VA_ARGS__)

/* Takes a string that fits `out` and cannot steer a terminal or forge a line. */
static bool take_text(
    const cJSON *value, const char *name, size_t least, char *out, size_t size, char *problem)
{
    if (!cJSON_IsString(value))
        return complain(problem, "field %s: is %s, a string is wanted", name, json_type_name(value));
    size_t length = strlen(value->valuestring);
    if (length < least || length >= size)
        return complain(
            problem, "field %s: %zu bytes long, allowed are %zu to %zu", name, length, least, size - 1);
    struct text text = {value->valuestring, (uint32_t)length};
    if (!unicode_is_valid(text) || unicode_has_control(text))
        return complain(problem, "field %s: has control characters or is not UTF-8", name);
    memcpy(out, value->valuestring, length + 1);
    return true;
}

static bool take_number(const cJSON *value, const char *name, uint64_t max, uint64_t *out, char *problem)
{
    double number = cJSON_IsNumber(value) ? value->valuedouble : -1;
    if (!(number >= 1 && number <= (double)max && number == floor(number)))
        return complain(
            problem, "field %s: a whole number from 1 to %llu is wanted", name, (unsigned long long)max);
    *out = (uint64_t)number;
    return true;
}

static bool take_targets(const cJSON *list, struct control_request *request, char *problem)
{
    const char *command = commands[request->command].string;
    unsigned fewest = commands[request->command].fewest, most = commands[request->command].most;
    if (list && !cJSON_IsArray(list))
        return complain(problem, "field targets: is %s, a list is wanted", json_type_name(list));
    const cJSON *value;
    cJSON_ArrayForEach(value, list)
    {
        if (request->target_count == most)
            return complain(problem, "field targets: %s takes at most %u", command, most);
        if (!take_text(
                value, "targets", 1, request->targets[request->target_count], CONTROL_TARGET_SIZE, problem))
            return false;
        request->target_count++;
    }
    if (request->target_count < fewest)
        return complain(problem, "field targets: %s needs at least %u", command, fewest);
    return true;
}

/* The value of an optional field, NULL if it is not there; one that this command does not take is wrong. */
static bool find_optional(const cJSON *root, const struct control_request *request, const char *name,
    unsigned bit, const cJSON **value, char *problem)
{
    *value = cJSON_GetObjectItemCaseSensitive(root, name);
    if (!*value || commands[request->command].takes & bit)
        return true;
    return complain(problem, "field %s: %s does not take it", name, commands[request->command].string);
}

static bool take_command(const cJSON *root, struct control_request *request, char *problem)
{
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, "command"));
    for (unsigned i = 0; name && i < CONTROL_COMMAND_COUNT; i++) {
        if (strcmp(commands[i].string, name) == 0) {
            request->command = (enum control_command)i;
            return true;
        }
    }
    return complain(problem, "unknown command \"%.40s\"", name ? name : "");
}

static bool is_version(const cJSON *root, const char *type)
{
    const cJSON *version = cJSON_GetObjectItemCaseSensitive(root, "v");
    const char *found = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, "type"));
    return cJSON_IsNumber(version) && version->valuedouble == CONTROL_VERSION && found &&
           strcmp(found, type) == 0;
}

static bool take_request(const cJSON *root, struct control_request *request, char *problem)
{
    const cJSON *value;
    if (!is_version(root, "command"))
        return complain(problem,
            "not a JSON object with \"v\":%d and \"type\":\"command\"; use r3ectl of the same release",
            CONTROL_VERSION);
    if (!take_command(root, request, problem) ||
        !take_targets(cJSON_GetObjectItemCaseSensitive(root, "targets"), request, problem))
        return false;
    if (!find_optional(root, request, "for_s", CONTROL_TAKES_FOR, &value, problem) ||
        (value && !take_number(value, "for_s", CONTROL_FOR_S_MAX, &request->for_s, problem)))
        return false;
    if (!find_optional(root, request, "reason", CONTROL_TAKES_REASON, &value, problem) ||
        (value && !take_text(value, "reason", 0, request->reason, sizeof request->reason, problem)))
        return false;
    if (!find_optional(root, request, "run", CONTROL_TAKES_RUN, &value, problem) ||
        (value && !take_number(value, "run", SAFE_INTEGER_MAX, &request->run, problem)))
        return false;
    return find_optional(root, request, "from", CONTROL_TAKES_FROM, &value, problem) &&
           (!value || take_number(value, "from", SAFE_INTEGER_MAX, &request->from, problem));
}

bool control_request_decode(const void *bytes, size_t length, struct control_request *request,
    char problem[static CONTROL_PROBLEM_SIZE])
{
    memset(request, 0, sizeof *request);
    if (length > CONTROL_REQUEST_MAX)
        return complain(problem, "request of %zu bytes, allowed are %d", length, CONTROL_REQUEST_MAX);
    cJSON *root = json_parse_whole(bytes, length);
    if (!root)
        return complain(problem, "request is not JSON");
    bool ok = take_request(root, request, problem);
    cJSON_Delete(root);
    return ok;
}

bool control_reply_decode(const void *bytes, size_t length, struct control_reply *reply)
{
    char problem[CONTROL_PROBLEM_SIZE];
    memset(reply, 0, sizeof *reply);
    cJSON *root = length <= CONTROL_REPLY_MAX ? json_parse_whole(bytes, length) : NULL;
    const cJSON *code = cJSON_GetObjectItemCaseSensitive(root, "code");
    const cJSON *run = cJSON_GetObjectItemCaseSensitive(root, "run");
    bool ok = is_version(root, "reply") && cJSON_IsNumber(code) && code->valuedouble >= 0 &&
              code->valuedouble <= CONTROL_CODE_PARTLY &&
              take_text(cJSON_GetObjectItemCaseSensitive(root, "text"), "text", 0, reply->text,
                  sizeof reply->text, problem) &&
              (!run || take_number(run, "run", SAFE_INTEGER_MAX, &reply->run, problem));
    if (ok) {
        reply->code = (enum control_code)code->valueint;
        reply->pending = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(root, "pending"));
    }
    cJSON_Delete(root);
    return ok;
}
