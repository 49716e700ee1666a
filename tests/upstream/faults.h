// Which requests misbehave, and how. What each mode sends is in replies.c.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// X(enum name, name on the command line, default of its argument, unit and meaning of the argument or NULL,
//   what the client sees)
#define FAULT_MODES(X)                                                                                       \
    X(FAULT_429, "429", 0, NULL, "status 429")                                                               \
    X(FAULT_429_RETRY_AFTER, "429-retry-after", 1, "seconds", "status 429 with Retry-After in seconds")      \
    X(FAULT_429_DATE, "429-date", 2, "seconds", "status 429 with Retry-After as a date so far ahead")        \
    X(FAULT_400, "400", 0, NULL, "status 400")                                                               \
    X(FAULT_403, "403", 0, NULL, "status 403")                                                               \
    X(FAULT_404, "404", 0, NULL, "status 404")                                                               \
    X(FAULT_410, "410", 0, NULL, "status 410")                                                               \
    X(FAULT_500, "500", 0, NULL, "status 500")                                                               \
    X(FAULT_502, "502", 0, NULL, "status 502")                                                               \
    X(FAULT_503, "503", 0, NULL, "status 503")                                                               \
    X(FAULT_503_RETRY_AFTER, "503-retry-after", 1, "seconds", "status 503 with Retry-After in seconds")      \
    X(FAULT_204, "204", 0, NULL, "status 204, no body")                                                      \
    X(FAULT_HANG, "hang", 300, "seconds", "nothing for so long, then the right answer")                      \
    X(FAULT_SLOW, "slow", 100, "milliseconds", "the body byte by byte, a pause after each")                  \
    X(FAULT_DRIP_HEADER, "drip-header", 100, "milliseconds", "the header byte by byte, a pause after each")  \
    X(FAULT_BIG_HEADER, "big-header", 256, "kB", "the right answer with one header field of this size")      \
    X(FAULT_RESET, "reset", 0, NULL, "half the body, then a TCP reset")                                      \
    X(FAULT_TRUNCATED, "truncated", 1000, "bytes", "Content-Length promises so much more than comes")        \
    X(FAULT_TRUNCATED_JSON, "truncated-json", 0, NULL, "valid HTTP around the first half of the JSON")       \
    X(FAULT_HTML, "html", 0, NULL, "a maintenance page with status 200")                                     \
    X(FAULT_EMPTY_BODY, "empty-body", 0, NULL, "status 200, no byte")                                        \
    X(FAULT_NULL, "null", 0, NULL, "the JSON null")                                                          \
    X(FAULT_NOT_OBJECT, "not-object", 0, NULL, "a JSON array")                                               \
    X(FAULT_ERROR_FIELD, "error-field", 0, NULL, "a JSON object with an error and no listing")               \
    X(FAULT_RESULTS_NULL, "results-null", 0, NULL, "results is null")                                        \
    X(FAULT_RESULTS_MISSING, "results-missing", 0, NULL, "no results")                                       \
    X(FAULT_WRONG_TYPES, "wrong-types", 0, NULL, "entries whose every field has another type")               \
    X(FAULT_INVALID_UTF8, "invalid-utf8", 0, NULL, "an entry whose name is not UTF-8")                       \
    X(FAULT_DEEP, "deep", 60000, "levels", "arrays nested so deep")                                          \
    X(FAULT_HUGE, "huge", 200, "MB", "a listing of this size, streamed")                                     \
    X(FAULT_GZIP_BOMB, "gzip-bomb", 1024, "MB", "a small gzip body that inflates to this")                   \
    X(FAULT_BAD_GZIP, "bad-gzip", 0, NULL, "announced as gzip, but plain")                                   \
    X(FAULT_REDIRECT_OTHER, "redirect-other", 0, "host[:port], default localhost and the own port",          \
        "302 to another host, which answers rightly")                                                        \
    X(FAULT_REDIRECT_SAME, "redirect-same", 0, NULL,                                                         \
        "302 to an address of the same host that answers rightly")                                           \
    X(FAULT_REDIRECT_LOOP, "redirect-loop", 0, NULL, "302 to itself")                                        \
    X(FAULT_WRONG_TRACK, "wrong-track", 0, NULL, "the rows of another combination")                          \
    X(FAULT_SHRUNK, "shrunk", 50, "percent", "only the first so many percent of the rows exist")             \
    X(FAULT_EMPTIED, "emptied", 0, NULL, "no rows")                                                          \
    X(FAULT_ENDLESS, "endless", 0, NULL, "every page is full, for ever")                                     \
    X(FAULT_SHIFTING, "shifting", 0, NULL,                                                                   \
        "somebody new on top after the first page: its last row comes again")                                \
    X(FAULT_DUPLICATE, "duplicate", 0, NULL, "the first row is there twice")

enum fault_mode {
#define X(name, text, argument, unit, meaning) name,
    FAULT_MODES(X)
#undef X
        FAULT_MODE_COUNT
};

struct fault {
    enum fault_mode mode;
    uint32_t argument;
    const char *host; // FAULT_REDIRECT_OTHER: part of the specification given, or NULL
};

struct faults; // all that were asked for

struct faults *faults_new(void);
void faults_free(struct faults *faults);

// Takes "TRACK-CLASS=MODE[:ARG][*COUNT]"; the first that fits and is not used up counts. False: not
// understood, the reason is on standard error.
bool faults_add(struct faults *faults, const char *specification);

// Takes "N=MODE[:ARG][*COUNT]": about each N-th combination, picked by a hash.
bool faults_add_every(struct faults *faults, const char *specification);

// Finds the fault for a request and counts its use; false: none. `board` numbers the combination, below
// `boards`.
bool faults_take(struct faults *faults, uint32_t track_id, uint32_t class_id, uint32_t board, size_t boards,
    uint64_t seed, struct fault *fault);

// Prints one line for each mode.
void faults_print_modes(void);
