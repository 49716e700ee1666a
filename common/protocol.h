#ifndef R3E_COMMON_PROTOCOL_H
#define R3E_COMMON_PROTOCOL_H
/* The messages between coordinator and worker: one JSON object each, described field by field in PROTOCOL.md.
 *
 * Structs, encoder, decoder and limits come from the same tables in protocol.c, so they cannot disagree.
 * Decoding checks everything: version, type, presence, types, ranges and lengths; unknown fields are ignored,
 * so a later version may add some. Nothing here asserts on what a peer sent. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buffer.h"
#include "common/record.h"

#define PROTOCOL_VERSION   1
#define PROTOCOL_FRAME_MAX 8192 /* bytes of a control frame */
/* Frames of rows and detail: 150,000 rows of the service's usual size need a tenth of it. */
#define PROTOCOL_PAYLOAD_MAX ((size_t)64 * 1024 * 1024)

#define PROTOCOL_ID_SIZE             32 /* sizes are of the char arrays, terminator included */
#define PROTOCOL_NAME_SIZE           256
#define PROTOCOL_HASH_SIZE           (2 * RECORD_HASH_SIZE + 1)
#define PROTOCOL_TEXT_SIZE           301
#define PROTOCOL_PAGES_MAX           10000u
#define PROTOCOL_ROBOTS_REQUESTS_MAX 6 /* RFC 9309, 2.3.1.2: five redirects */

#define PROTOCOL_TYPES(X)                                                                                    \
    X(MESSAGE_HELLO, "hello")                                                                                \
    X(MESSAGE_WELCOME, "welcome")                                                                            \
    X(MESSAGE_REFUSE, "refuse")                                                                              \
    X(MESSAGE_READY, "ready")                                                                                \
    X(MESSAGE_JOB, "job")                                                                                    \
    X(MESSAGE_MORE, "more")                                                                                  \
    X(MESSAGE_GRANT, "grant")                                                                                \
    X(MESSAGE_RESULT, "result")                                                                              \
    X(MESSAGE_ACK, "ack")                                                                                    \
    X(MESSAGE_HEARTBEAT, "heartbeat")                                                                        \
    X(MESSAGE_RETIRE, "retire")                                                                              \
    X(MESSAGE_BYE, "bye")                                                                                    \
    X(MESSAGE_ROBOTS, "robots")                                                                              \
    X(MESSAGE_RULES, "rules")

/* What became of a job. Payload frames (rows, detail) follow a RESULT only with `changed`. */
#define PROTOCOL_OUTCOMES(X)                                                                                 \
    X(OUTCOME_CHANGED, "changed")                                                                            \
    X(OUTCOME_UNCHANGED, "unchanged")                                                                        \
    X(OUTCOME_FAILED, "failed")

/* Why a job failed. */
#define PROTOCOL_FAILURES(X)                                                                                 \
    X(FAILURE_NONE, "none")                                                                                  \
    X(FAILURE_DNS, "dns")                                                                                    \
    X(FAILURE_CONNECT, "connect")                                                                            \
    X(FAILURE_TLS, "tls")                                                                                    \
    X(FAILURE_TIMEOUT, "timeout")                                                                            \
    X(FAILURE_RESET, "reset")                                                                                \
    X(FAILURE_TRUNCATED, "truncated")                                                                        \
    X(FAILURE_HTTP_STATUS, "http_status")                                                                    \
    X(FAILURE_REDIRECT, "redirect")                                                                          \
    X(FAILURE_TOO_LARGE, "too_large")                                                                        \
    X(FAILURE_ENCODING, "encoding")                                                                          \
    X(FAILURE_NOT_JSON, "not_json")                                                                          \
    X(FAILURE_NOT_A_LISTING, "not_a_listing")                                                                \
    X(FAILURE_WRONG_BOARD, "wrong_board")                                                                    \
    X(FAILURE_TOO_MANY_PAGES, "too_many_pages")                                                              \
    X(FAILURE_MEMORY, "memory")                                                                              \
    X(FAILURE_INVALID_RESULT, "invalid_result")                                                              \
    X(FAILURE_LEASE_EXPIRED, "lease_expired")                                                                \
    X(FAILURE_WORKER_DIED, "worker_died")                                                                    \
    X(FAILURE_OTHER, "other")

/* What the coordinator did with a result. */
#define PROTOCOL_VERDICTS(X)                                                                                 \
    X(VERDICT_STORED, "stored")         /* applied, and on disk */                                           \
    X(VERDICT_NOTED, "noted")           /* a failure, counted */                                             \
    X(VERDICT_DUPLICATE, "duplicate")   /* this lease's result was applied before */                         \
    X(VERDICT_SUPERSEDED, "superseded") /* a later lease holds or held the board */                          \
    X(VERDICT_INVALID, "invalid")       /* refused: broken, or not what was asked for */

/* Why a worker leaves. */
#define PROTOCOL_BYES(X)                                                                                     \
    X(BYE_MAX_JOBS, "max_jobs")                                                                              \
    X(BYE_MAX_AGE, "max_age")                                                                                \
    X(BYE_MAX_RSS, "max_rss")                                                                                \
    X(BYE_SIGNAL, "signal")                                                                                  \
    X(BYE_ASKED, "asked")

/* What came of asking for robots.txt (RFC 9309, 2.3.1). */
#define PROTOCOL_ROBOTS_OUTCOMES(X)                                                                          \
    X(ROBOTS_OUTCOME_FOUND, "found")             /* read; `allowed` is what it says */                       \
    X(ROBOTS_OUTCOME_NONE, "none")               /* there is none: everything is allowed */                  \
    X(ROBOTS_OUTCOME_UNREACHABLE, "unreachable") /* not to be had now: nobody knows */

#define X(name, string) name,
enum message_type { PROTOCOL_TYPES(X) MESSAGE_TYPES };
enum outcome { PROTOCOL_OUTCOMES(X) OUTCOMES };
enum failure { PROTOCOL_FAILURES(X) FAILURES };
enum verdict { PROTOCOL_VERDICTS(X) VERDICTS };
enum bye { PROTOCOL_BYES(X) BYES };
enum robots_outcome { PROTOCOL_ROBOTS_OUTCOMES(X) ROBOTS_OUTCOMES };
#undef X

const char *message_type_string(enum message_type type);
const char *outcome_string(enum outcome outcome);
const char *failure_string(enum failure failure);
const char *verdict_string(enum verdict verdict);
const char *bye_string(enum bye bye);

/* worker → coordinator, first message on a connection and again after every reconnect */
struct message_hello {
    char version[PROTOCOL_ID_SIZE]; /* the worker's program version */
    char host[PROTOCOL_NAME_SIZE];
    uint64_t pid;
    uint64_t process; /* drawn at its start: in a container the pid is the same each time */
    uint64_t job;     /* lease of the last JOB that it took; 0: none */
};

/* coordinator → worker: everything it needs to know */
struct message_welcome {
    char version[PROTOCOL_ID_SIZE];
    char worker[PROTOCOL_ID_SIZE];    /* the name it goes by from now on */
    char results[PROTOCOL_NAME_SIZE]; /* endpoint for RESULT */
    char base_url[PROTOCOL_NAME_SIZE];
    char user_agent[PROTOCOL_NAME_SIZE];
    uint64_t page_size, max_pages;
    uint64_t connect_timeout_ms, timeout_ms; /* of one request */
    uint64_t max_response_bytes;             /* of one page after decompression */
    bool session;                            /* fetch the HTML page and send a Referer */
    uint64_t heartbeat_ms;
    uint64_t max_jobs, max_age_ms, max_rss_kb; /* already spread at random by the coordinator */
    uint64_t lease;                            /* that it still holds, after a reconnect; 0: none */
};

/* coordinator → worker: go away, and why */
struct message_refuse {
    char reason[PROTOCOL_TEXT_SIZE];
};

/* coordinator → worker: fetch this. Includes the grant for the first page. */
struct message_job {
    uint64_t lease;   /* epoch << 32 | sequence; grows for ever, also over restarts */
    uint64_t attempt; /* 1, 2, … within one refresh */
    uint64_t track_id, class_id;
    char track_name[PROTOCOL_NAME_SIZE];
    char content_hash[PROTOCOL_HASH_SIZE]; /* hex, of what the store holds; empty if it holds nothing */
    uint64_t issued_at_ms; /* coordinator's wall clock: the detail's cached_at if the content differs */
    uint64_t lease_ms;     /* after this long without a heartbeat the board goes to somebody else */
};

/* MORE, worker → coordinator: asks to request page `page` (0 is the first). GRANT, coordinator → worker: may.
 */
struct message_page {
    uint64_t lease;
    uint64_t page;
};

/* worker → coordinator, on the results socket; followed by rows and detail if the outcome is `changed` */
struct message_result {
    char worker[PROTOCOL_ID_SIZE];
    uint64_t lease, attempt, track_id, class_id;
    enum outcome outcome;
    enum failure failure;             /* FAILURE_NONE unless failed */
    char problem[PROTOCOL_TEXT_SIZE]; /* in words; empty unless failed */
    uint64_t http_status;             /* of the last answer; 0: none came */
    uint64_t retry_after_ms;          /* asked for by the last answer; 0: not */
    uint64_t pages, requests, entries;
    uint64_t rejected;                     /* rows of the listing that were unusable */
    uint64_t bytes;                        /* received bodies, after decompression */
    uint64_t duration_ms, latency_ms;      /* whole job; slowest request */
    char content_hash[PROTOCOL_HASH_SIZE]; /* hex; empty if failed */
    bool ready;                            /* stands for a READY that follows */
};

#define PROTOCOL_LEASES_MAX 64u

/* Numbers in a message; what is behind `count` is 0. */
struct protocol_leases {
    uint32_t count; /* at least 1 */
    uint64_t ids[PROTOCOL_LEASES_MAX];
};

/* coordinator → worker: the same became of all these results */
struct message_ack {
    struct protocol_leases leases;
    enum verdict verdict;
};

/* both ways. The coordinator's carries zeroes. */
struct message_heartbeat {
    uint64_t lease; /* being worked on; 0: idle */
    uint64_t page;
    uint64_t jobs; /* done so far */
    uint64_t rss_kb;
};

/* coordinator → worker: finish what you hold, then leave */
struct message_retire {
    char reason[PROTOCOL_TEXT_SIZE];
};

/* worker → coordinator: sends no more READY; leaves as soon as everything is acknowledged */
struct message_bye {
    enum bye reason;
};

/* worker → coordinator: what robots.txt says of us. ROBOTS, which asks for it, has no fields. */
struct message_rules {
    enum robots_outcome outcome;
    bool allowed;                     /* the listings, and the session's page if that is wanted */
    uint64_t crawl_delay_ms;          /* 0: none */
    enum failure failure;             /* FAILURE_NONE unless unreachable */
    char problem[PROTOCOL_TEXT_SIZE]; /* the rule that refuses us, or why it is unreachable; may be empty */
    uint64_t http_status;             /* of the last answer; 0: none came */
    uint64_t retry_after_ms;
    uint64_t requests; /* made, redirects included */
};

struct message {
    enum message_type type;
    union {
        struct message_hello hello;
        struct message_welcome welcome;
        struct message_refuse refuse;
        struct message_job job;
        struct message_page page; /* MORE and GRANT */
        struct message_result result;
        struct message_ack ack;
        struct message_heartbeat heartbeat;
        struct message_retire retire;
        struct message_bye bye;
        struct message_rules rules;
    };
};

/* Appends the frame. Values out of their range are our own bug and abort; strings are mended to UTF-8. */
void protocol_encode(const struct message *message, struct buffer *out);

#define PROTOCOL_PROBLEM_SIZE 200

/* Decodes one control frame. False: `problem` says in words what is wrong with which field; `*message` is
 * undefined but for `type`, which is MESSAGE_TYPES if not even that could be read. A frame of another
 * protocol version is refused with a problem that names both versions. */
bool protocol_decode(
    const void *bytes, size_t length, struct message *message, char problem[static PROTOCOL_PROBLEM_SIZE]);

/* `size` bytes as lower-case hex, zero-terminated, and back (false unless exactly 2·size hex digits). */
void protocol_hash_to_hex(const uint8_t hash[static RECORD_HASH_SIZE], char out[static PROTOCOL_HASH_SIZE]);
bool protocol_hash_from_hex(const char *hex, uint8_t hash[static RECORD_HASH_SIZE]);

#endif
