#include "coordinator/ctl/target_words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/problem.h"

/* The tracks of the word before, which a class may follow. */
struct tracks {
    uint32_t ids[NAME_MATCH_KEPT];
    uint32_t count;
};

struct resolving {
    const struct catalogue *catalogue;
    const struct target_asker *asker;
    struct control_request *request;
    char *problem;
    struct tracks open; /* count 0: no track stands open */
};

#define complain(all, ...) problem_put((all)->problem, TARGET_WORDS_PROBLEM_SIZE, __VA_ARGS__)

/* Digits with at most one hyphen between them: an identifier, right or wrong. */
static bool is_identifier(const char *word)
{
    return word[0] >= '0' && word[0] <= '9' && strspn(word, "0123456789-") == strlen(word);
}

bool target_words_need_names(unsigned count, char *const *words)
{
    for (unsigned i = 0; i < count; i++)
        if (!is_identifier(words[i]))
            return true;
    return false;
}

static bool add(struct resolving *all, const char *text, size_t length)
{
    struct control_request *request = all->request;
    if (request->target_count == CONTROL_TARGETS_MAX)
        return complain(all, "that is more than %u boards; name fewer at a time", CONTROL_TARGETS_MAX);
    if (length == 0 || length >= CONTROL_TARGET_SIZE)
        return complain(
            all, "\"%.60s\" is no identifier; write TRACK-CLASS, such as 1671-1703, or names", text);
    char *target = request->targets[request->target_count++];
    memcpy(target, text, length);
    target[length] = '\0';
    return true;
}

static bool add_ids(struct resolving *all, uint32_t track_id, uint32_t class_id)
{
    char text[CONTROL_TARGET_SIZE];
    int length = class_id ? snprintf(text, sizeof text, "%u-%u", track_id, class_id)
                          : snprintf(text, sizeof text, "%u", track_id);
    return add(all, text, length > 0 ? (size_t)length : 0);
}

/* The tracks that stand open are meant as a whole. */
static bool close_tracks(struct resolving *all)
{
    uint32_t count = all->open.count;
    all->open.count = 0;
    for (uint32_t i = 0; i < count; i++)
        if (!add_ids(all, all->open.ids[i], 0))
            return false;
    return true;
}

static uint32_t choose(struct resolving *all, const char *word, enum target_kind kind,
    const struct name_match *match, uint32_t *chosen)
{
    chosen[0] = 0;
    return match->found == 1 ? 1 : all->asker->choose(all->asker->context, word, kind, match, chosen);
}

static bool take_class(struct resolving *all, const char *word, const struct name_match *match)
{
    uint32_t chosen[NAME_MATCH_KEPT];
    uint32_t count = choose(all, word, TARGET_CLASSES, match, chosen);
    for (uint32_t i = 0; i < all->open.count; i++)
        for (uint32_t k = 0; k < count; k++)
            if (!add_ids(all, all->open.ids[i], match->items[chosen[k]]->id))
                return false;
    all->open.count = 0;
    return count > 0;
}

static bool take_track(struct resolving *all, const char *word, const struct name_match *match)
{
    uint32_t chosen[NAME_MATCH_KEPT];
    if (!close_tracks(all))
        return false;
    uint32_t count = choose(all, word, TARGET_TRACKS, match, chosen);
    for (uint32_t i = 0; i < count; i++)
        all->open.ids[all->open.count++] = match->items[chosen[i]]->id;
    return count > 0;
}

static bool take_name(struct resolving *all, const char *word)
{
    struct name_match tracks, classes;
    name_match_find(&all->catalogue->tracks, word, &tracks);
    name_match_find(&all->catalogue->classes, word, &classes);
    if (all->open.count && classes.found)
        return take_class(all, word, &classes);
    if (tracks.found)
        return take_track(all, word, &tracks);
    if (classes.found)
        return complain(all, "\"%.60s\" is a class; name the track in front of it: \"Spa\" \"GTR 3\"", word);
    return complain(all,
        "no %s name contains \"%.60s\"; try a shorter part of it, or the identifier (r3ectl names lists all)",
        all->open.count ? "track's or class's" : "track's", word);
}

/* The number of a track alone, which may be followed by a class; 0 for anything else. Whether there is such a
 * track is the coordinator's to say. */
static uint32_t track_of(const char *word)
{
    char *end;
    unsigned long id = strlen(word) < 10 && word[0] != '0' ? strtoul(word, &end, 10) : 0;
    return id && !*end ? (uint32_t)id : 0;
}

static bool take_identifier(struct resolving *all, const char *word)
{
    uint32_t id = track_of(word);
    if (!close_tracks(all))
        return false;
    if (!id)
        return add(all, word, strlen(word));
    all->open.ids[all->open.count++] = id;
    return true;
}

bool target_words_resolve(unsigned count, char *const *words, const struct catalogue *catalogue,
    const struct target_asker *asker, struct control_request *request,
    char problem[static TARGET_WORDS_PROBLEM_SIZE])
{
    struct resolving all = {.catalogue = catalogue, .asker = asker, .request = request, .problem = problem};
    problem[0] = '\0';
    for (unsigned i = 0; i < count; i++)
        if (!(is_identifier(words[i]) ? take_identifier(&all, words[i]) : take_name(&all, words[i])))
            return false;
    return close_tracks(&all);
}
