#include "coordinator/ctl/names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "coordinator/ctl/question.h"
#include "coordinator/ctl/target_words.h"
#include "coordinator/ctl/told.h"

#define LISTED_MAX  40u
#define ANSWER_SIZE 32

/* ---- fetching ---- */

static bool take_items(const cJSON *list, struct catalogue *catalogue, struct catalogue_items *items)
{
    const cJSON *pair;
    cJSON_ArrayForEach(pair, list)
    {
        uint64_t id;
        const char *name = cJSON_GetStringValue(cJSON_GetArrayItem(pair, 1));
        if (!told_take_count(cJSON_GetArrayItem(pair, 0), &id) || !name ||
            catalogue_add_item(catalogue, items, (int64_t)id, name, strlen(name)) != NULL)
            return false;
    }
    return cJSON_IsArray(list);
}

static bool take_part(void *context, const cJSON *details)
{
    struct catalogue *catalogue = context;
    return take_items(told_member(details, "tracks"), catalogue, &catalogue->tracks) &&
           take_items(told_member(details, "classes"), catalogue, &catalogue->classes);
}

bool names_fetch(struct control_client *client, const char *command, struct catalogue *catalogue)
{
    *catalogue = catalogue_make();
    return question_parts(client, command, CONTROL_NAMES, take_part, catalogue);
}

/* ---- asking ---- */

struct asking {
    const char *command;
    bool all;
};

static void list(const struct name_match *match, bool numbered)
{
    for (uint32_t i = 0; i < match->count && i < LISTED_MAX; i++) {
        if (numbered)
            fprintf(stderr, "  %3u  %s\n", i + 1, match->items[i]->name);
        else
            fprintf(stderr, "  %10u  %s\n", match->items[i]->id, match->items[i]->name);
    }
    if (match->count > LISTED_MAX)
        fprintf(stderr, "  … and %llu more\n", (unsigned long long)match->found - LISTED_MAX);
}

static uint32_t choose_all(const struct name_match *match, uint32_t *chosen)
{
    for (uint32_t i = 0; i < match->count; i++)
        chosen[i] = i;
    return match->count;
}

/* On the terminal; 0 if none is wanted. */
static uint32_t ask(const struct name_match *match, const char *kind, uint32_t *chosen)
{
    char answer[ANSWER_SIZE];
    list(match, true);
    fprintf(stderr, "Which %s? A number, \"all\", or nothing for none: ", kind);
    if (!fgets(answer, sizeof answer, stdin))
        return 0;
    answer[strcspn(answer, "\n")] = '\0';
    if (strcmp(answer, "all") == 0)
        return choose_all(match, chosen);
    char *end;
    unsigned long number = strtoul(answer, &end, 10);
    if (answer[0] < '0' || answer[0] > '9' || *end || number < 1 || number > match->count)
        return 0;
    chosen[0] = (uint32_t)number - 1;
    return 1;
}

static uint32_t choose(
    void *context, const char *word, enum target_kind kind, const struct name_match *match, uint32_t *chosen)
{
    const struct asking *asking = context;
    const char *one = kind == TARGET_TRACKS ? "track" : "class";
    const char *several = kind == TARGET_TRACKS ? "tracks" : "classes";
    if (asking->all && match->found == match->count)
        return choose_all(match, chosen);
    fprintf(stderr, "r3ectl %s: %llu %s match \"%s\":\n", asking->command, (unsigned long long)match->found,
        several, word);
    if (isatty(STDIN_FILENO) && isatty(STDERR_FILENO) && match->count <= LISTED_MAX) {
        uint32_t count = ask(match, one, chosen);
        if (!count)
            fputs("Nothing was done.\n", stderr);
        return count;
    }
    list(match, false);
    fputs("Type more of the name, or the identifier; --all means all of them.\n", stderr);
    return 0;
}

int names_resolve(struct control_client *client, const char *command, unsigned count, char *const *words,
    bool all, struct control_request *request)
{
    char problem[TARGET_WORDS_PROBLEM_SIZE];
    struct asking asking = {.command = command, .all = all};
    const struct target_asker asker = {choose, &asking};
    struct catalogue catalogue = catalogue_make();
    int code = CTL_DONE;
    if (target_words_need_names(count, words)) {
        catalogue_free(&catalogue);
        if (!names_fetch(client, command, &catalogue))
            code = CTL_FAILED;
    }
    if (code == CTL_DONE && !target_words_resolve(count, words, &catalogue, &asker, request, problem)) {
        code = CTL_WRONG;
        if (problem[0])
            ctl_wrong_usage(command, "%s", problem);
    }
    catalogue_free(&catalogue);
    return code;
}
