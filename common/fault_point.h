#ifndef R3E_COMMON_FAULT_POINT_H
#define R3E_COMMON_FAULT_POINT_H
/* Named places at which a test makes this program die, stop, wait, leak or see a failed system call.
 *
 * Only in builds with the option `fault_points` (Meson; R3E_FAULT_POINTS below). In all others the macros
 * leave no code and no string behind; a name that is not in the table does not compile in either.
 *
 * Environment, read by fault_point_open:
 *
 *     R3E_FAULT=NAME=ACTION[:ARGUMENT][@NTH[+]][,…]
 *         kill             SIGKILL to itself          stop         SIGSTOP to itself
 *         exit:CODE        _exit                      pause:MS     sleeps
 *         leak:KB          memory that stays resident fail:ERRNO   ENOSPC or its number;
 *                                                     only where FAULT_FAIL asks
 *         try:WHAT:TARGET  does what the process should not be able to (fault_attempt.h), and logs what came
 *                          of it: try:write:/tmp/x, try:connect:127.0.0.1:80
 *         @NTH             only the NTH time this process comes there; with `+` from then on; else each time
 *     R3E_FAULT=list       prints `NAME PROGRAM` for every point and exits with code 0
 *     R3E_FAULT_ONCE=FILE  acts only if it can create FILE: once in all processes together
 *
 * A specification that is wrong ends the program (log_fatal). Points may be reached from any thread. After a
 * fork parent and child count for themselves. */
#include <stdbool.h>

/* Identifier, name, program that comes there, whether FAULT_FAIL asks there; in the order of the flow. */
#define FAULT_POINTS(X)                                                                                      \
    X(START_STORE_OPEN, "start.store_open", "coordinator", false)                                            \
    X(START_EPOCH_KEPT, "start.epoch_kept", "coordinator", false)                                            \
    X(START_SOCKETS_BOUND, "start.sockets_bound", "coordinator", false)                                      \
    X(SPAWN_BEFORE, "spawn.before", "coordinator", true)                                                     \
    X(SPAWN_AFTER, "spawn.after", "coordinator", false)                                                      \
    X(DISPATCH_BEFORE_LEASE, "dispatch.before_lease", "coordinator", false)                                  \
    X(DISPATCH_AFTER_LEASE, "dispatch.after_lease", "coordinator", false)                                    \
    X(DISPATCH_AFTER_SEND, "dispatch.after_send", "coordinator", false)                                      \
    X(DISPATCH_BEFORE_GRANT, "dispatch.before_grant", "coordinator", false)                                  \
    X(DISPATCH_AFTER_GRANT, "dispatch.after_grant", "coordinator", false)                                    \
    X(COLLECT_RECEIVED, "collect.received", "coordinator", false)                                            \
    X(COLLECT_BEFORE_PUT, "collect.before_put", "coordinator", false)                                        \
    X(COLLECT_AFTER_PUT, "collect.after_put", "coordinator", false)                                          \
    X(COLLECT_BEFORE_SUBMIT, "collect.before_submit", "coordinator", false)                                  \
    X(COLLECT_AFTER_SUBMIT, "collect.after_submit", "coordinator", false)                                    \
    X(WRITER_BEFORE_BEGIN, "writer.before_begin", "coordinator", true)                                       \
    X(WRITER_BEFORE_PUT, "writer.before_put", "coordinator", true)                                           \
    X(WRITER_BEFORE_COMMIT, "writer.before_commit", "coordinator", true)                                     \
    X(WRITER_AFTER_COMMIT, "writer.after_commit", "coordinator", false)                                      \
    X(WRITER_AFTER_EVENT, "writer.after_event", "coordinator", false)                                        \
    X(COLLECT_BEFORE_ACK, "collect.before_ack", "coordinator", false)                                        \
    X(COLLECT_AFTER_ACK, "collect.after_ack", "coordinator", false)                                          \
    X(EXPORT_BEFORE_START, "export.before_start", "coordinator", false)                                      \
    X(EXPORT_AFTER_START, "export.after_start", "coordinator", false)                                        \
    X(EXPORT_BEFORE_REPORT, "export.before_report", "coordinator", false)                                    \
    X(EXPORT_AFTER_REPORT, "export.after_report", "coordinator", false)                                      \
    X(STATUS_BEFORE_WRITE, "status.before_write", "coordinator", false)                                      \
    X(FILE_BEFORE_SYNC, "file.before_sync", "coordinator", true)                                             \
    X(FILE_BEFORE_RENAME, "file.before_rename", "coordinator", true)                                         \
    X(FILE_AFTER_RENAME, "file.after_rename", "coordinator", false)                                          \
    X(STATUS_AFTER_WRITE, "status.after_write", "coordinator", false)                                        \
    X(STOP_BEFORE_SETTLE, "stop.before_settle", "coordinator", false)                                        \
    X(STOP_BEFORE_CLOSE, "stop.before_close", "coordinator", false)                                          \
    X(POOL_BEFORE_FORK, "pool.before_fork", "pool", true)                                                    \
    X(POOL_AFTER_FORK, "pool.after_fork", "pool", false)                                                     \
    X(WORKER_CONNECTED, "worker.connected", "worker", false)                                                 \
    X(WORKER_HELLO_SENT, "worker.hello_sent", "worker", false)                                               \
    X(WORKER_WELCOMED, "worker.welcomed", "worker", false)                                                   \
    X(WORKER_JOB_RECEIVED, "worker.job_received", "worker", false)                                           \
    X(WORKER_BEFORE_REQUEST, "worker.before_request", "worker", false)                                       \
    X(WORKER_MID_BODY, "worker.mid_body", "worker", false)                                                   \
    X(WORKER_FETCHED, "worker.fetched", "worker", false)                                                     \
    X(WORKER_BEFORE_PARSE, "worker.before_parse", "worker", false)                                           \
    X(WORKER_AFTER_PARSE, "worker.after_parse", "worker", false)                                             \
    X(WORKER_PAGE_DONE, "worker.page_done", "worker", false)                                                 \
    X(WORKER_BEFORE_RESULT, "worker.before_result", "worker", false)                                         \
    X(WORKER_BEFORE_SEND, "worker.before_send", "worker", false)                                             \
    X(WORKER_AFTER_SEND, "worker.after_send", "worker", false)                                               \
    X(WORKER_ACKNOWLEDGED, "worker.acknowledged", "worker", false)                                           \
    X(WORKER_LEAVING, "worker.leaving", "worker", false)                                                     \
    X(EXPORTER_SNAPSHOT_TAKEN, "exporter.snapshot_taken", "exporter", false)                                 \
    X(EXPORTER_VERIFIED, "exporter.verified", "exporter", false)                                             \
    X(EXPORTER_BEFORE_FILE, "exporter.before_file", "exporter", true)                                        \
    X(EXPORTER_FILE_CREATED, "exporter.file_created", "exporter", true)                                      \
    X(EXPORTER_FILE_WRITTEN, "exporter.file_written", "exporter", false)                                     \
    X(EXPORTER_BEFORE_SYNC, "exporter.before_sync", "exporter", true)                                        \
    X(EXPORTER_AFTER_SYNC, "exporter.after_sync", "exporter", false)                                         \
    X(EXPORTER_BEFORE_RENAME, "exporter.before_rename", "exporter", true)                                    \
    X(EXPORTER_AFTER_RENAME, "exporter.after_rename", "exporter", false)                                     \
    X(EXPORTER_AFTER_LAST_RENAME, "exporter.after_last_rename", "exporter", false)                           \
    X(EXPORTER_BEFORE_MANIFEST, "exporter.before_manifest", "exporter", false)                               \
    X(EXPORTER_AFTER_MANIFEST, "exporter.after_manifest", "exporter", false)                                 \
    X(EXPORTER_BEFORE_REPORT, "exporter.before_report", "exporter", false)                                   \
    X(HTTPD_REQUEST, "httpd.request", "httpd", false)

enum fault_point {
#define X(identifier, name, program, fails) FAULT_##identifier,
    FAULT_POINTS(X)
#undef X
};

#ifdef R3E_FAULT_POINTS

#define FAULT_PROBLEM_SIZE 200

/* Reads the environment. `program` stays valid for the life of the process. Call once, first in main. */
void fault_point_open(const char *program);

/* Takes a specification as in R3E_FAULT; `once_file` may be NULL and is borrowed. What was there before is
 * forgotten, the counts too. False with `problem`, and then nothing is armed. */
bool fault_point_arm(
    const char *specification, const char *once_file, char problem[static FAULT_PROBLEM_SIZE]);

/* Does what was asked for here. True, with errno set, if that is to fail. */
bool fault_point_reached(enum fault_point point);

/* The name in the table. */
const char *fault_point_name(enum fault_point point);

#define FAULT_POINT(identifier) ((void)fault_point_reached(FAULT_##identifier))
#define FAULT_FAIL(identifier)  fault_point_reached(FAULT_##identifier)

#else

#define fault_point_open(program) ((void)0)
#define FAULT_POINT(identifier)   ((void)FAULT_##identifier)
#define FAULT_FAIL(identifier)    ((void)FAULT_##identifier, false)

#endif

#endif
