#ifndef R3E_COMMON_CONTROL_MESSAGE_H
#define R3E_COMMON_CONTROL_MESSAGE_H
/* What r3ectl asks on the control socket, and what the coordinator answers: one JSON object each, described
 * field by field in PROTOCOL.md, section "Control".
 *
 * Both programs use the one table of commands below. Decoding checks everything and asserts on nothing;
 * unknown fields are ignored, a field that belongs to another command is refused, so that nobody believes it
 * had an effect. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buffer.h"
#include "common/pack_reader.h"

#define CONTROL_VERSION     1
#define CONTROL_REQUEST_MAX 8192  /* bytes of a request */
#define CONTROL_REPLY_MAX   65536 /* bytes of a reply */

#define CONTROL_TARGETS_MAX 256u
#define CONTROL_TARGET_SIZE 48  /* sizes are of the char arrays, terminator included */
#define CONTROL_REASON_SIZE 121 /* a pause's reason, for people */
#define CONTROL_TEXT_SIZE   1001
#define CONTROL_FOR_S_MAX   31536000u /* a pause of a year */

/* Optional fields beside `targets`. */
enum { CONTROL_TAKES_FOR = 1, CONTROL_TAKES_REASON = 2, CONTROL_TAKES_RUN = 4, CONTROL_TAKES_FROM = 8 };

/* Those from CONTROL_WHY on change nothing. X(name, string, fewest targets, most targets, optional fields) */
#define CONTROL_COMMANDS(X)                                                                                  \
    X(CONTROL_REFRESH, "refresh", 0, CONTROL_TARGETS_MAX, 0)                                                 \
    X(CONTROL_PAUSE, "pause", 0, 0, CONTROL_TAKES_FOR | CONTROL_TAKES_REASON)                                \
    X(CONTROL_RESUME, "resume", 0, 0, 0)                                                                     \
    X(CONTROL_DRAIN, "drain", 0, 0, 0)                                                                       \
    X(CONTROL_EXPORT, "export", 0, 0, CONTROL_TAKES_RUN)                                                     \
    X(CONTROL_RELEASE, "release", 1, CONTROL_TARGETS_MAX, 0)                                                 \
    X(CONTROL_WHY, "why", 1, 1, 0)                                                                           \
    X(CONTROL_BOARD, "board", 1, 1, 0)                                                                       \
    X(CONTROL_FAILED, "failed", 0, 0, CONTROL_TAKES_FROM)                                                    \
    X(CONTROL_NAMES, "names", 0, 0, CONTROL_TAKES_FROM)

#define X(name, string, fewest, most, takes) name,
enum control_command { CONTROL_COMMANDS(X) CONTROL_COMMAND_COUNT };
#undef X

const char *control_command_string(enum control_command command);

struct control_request {
    enum control_command command;
    unsigned target_count;
    char targets[CONTROL_TARGETS_MAX][CONTROL_TARGET_SIZE]; /* TRACK or TRACK-CLASS as written, not checked */
    uint64_t for_s;                                         /* pause: 0: until resumed */
    char reason[CONTROL_REASON_SIZE];                       /* pause: may be empty */
    uint64_t run;  /* export: what became of this one; 0: run the exporter */
    uint64_t from; /* failed, names: where the list goes on; 0: at its beginning */
};

/* The code is what r3ectl exits with. */
#define CONTROL_CODES(X)                                                                                     \
    X(CONTROL_CODE_DONE, 0)                                                                                  \
    X(CONTROL_CODE_FAILED, 1)                                                                                \
    X(CONTROL_CODE_WRONG, 2)                                                                                 \
    X(CONTROL_CODE_PARTLY, 3)

#define X(name, number) name = (number),
enum control_code { CONTROL_CODES(X) };
#undef X

struct control_reply {
    enum control_code code;
    char text[CONTROL_TEXT_SIZE]; /* for people */
    bool pending;                 /* export: the run that was asked about is not over */
    uint64_t run;                 /* export: the number of the run; 0: none */
};

#define CONTROL_PROBLEM_SIZE 200

/* Appends the frame. False: it is larger than CONTROL_REQUEST_MAX, `out` has overflowed its limit, or a field
 * is out of its range (the person asked for too much); nothing may be sent then. */
bool control_request_encode(const struct control_request *request, struct buffer *out);

/* False: `problem` says in words what is wrong with which field. */
bool control_request_decode(const void *bytes, size_t length, struct control_request *request,
    char problem[static CONTROL_PROBLEM_SIZE]);

/* Appends the frame; `details` is one JSON object, or empty for none. */
void control_reply_encode(const struct control_reply *reply, struct text details, struct buffer *out);

/* False if it is no reply of this version. */
bool control_reply_decode(const void *bytes, size_t length, struct control_reply *reply);

#endif
