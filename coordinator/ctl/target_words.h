#ifndef R3E_COORDINATOR_CTL_TARGET_WORDS_H
#define R3E_COORDINATOR_CTL_TARGET_WORDS_H
/* What a person writes on the command line for boards, as the identifiers that the coordinator knows. Pure.
 *
 * Each word is one of
 *     1671-1703         a board: TRACK-CLASS
 *     1671              a track, with all its classes
 *     Spa               a track, by its name or a part of it
 *     GTR 3             behind a track, a class, by its name: that board
 * so `"Spa" "GTR 3"` is a board and `"Spa" "Monza"` is two tracks. A word behind a track that could be either
 * is a class. Where several tracks or classes have the name, somebody is asked. */
#include <stdbool.h>
#include <stdint.h>

#include "common/catalogue.h"
#include "common/control_message.h"
#include "coordinator/ctl/name_match.h"

enum target_kind { TARGET_TRACKS, TARGET_CLASSES };

struct target_asker {
    /* Which of several. Writes the chosen ones' places to `chosen` (at most `match->count`) and returns how
     * many; 0: none, and the person was told. */
    uint32_t (*choose)(void *context, const char *word, enum target_kind kind, const struct name_match *match,
        uint32_t *chosen);
    void *context;
};

/* Whether any of these words is a name, so that the catalogue is needed. */
bool target_words_need_names(unsigned count, char *const *words);

#define TARGET_WORDS_PROBLEM_SIZE 256

/* Appends to the request's targets. False: `problem` says what is wrong and what to do, or is empty if
 * `choose` has said it. */
bool target_words_resolve(unsigned count, char *const *words, const struct catalogue *catalogue,
    const struct target_asker *asker, struct control_request *request,
    char problem[static TARGET_WORDS_PROBLEM_SIZE]);

#endif
