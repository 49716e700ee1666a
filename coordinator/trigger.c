#include "coordinator/trigger.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/file.h"
#include "common/log.h"
#include "common/memory.h"

#define LOOK_EVERY_MS         30000 /* a safety net beside inotify */
#define LOOK_EVERY_MS_UNAIDED 5000
#define TAKEN_SUFFIX          ".taken"
#define WATCHED               (IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)

/* Tells a file that was refused from the next one of that name. */
struct file_mark {
    dev_t device;
    ino_t inode;
    struct timespec changed;
};

struct trigger {
    struct loop *loop;
    struct refresh_run *run;
    char path[PATH_MAX], taken[PATH_MAX], folder[PATH_MAX];
    const char *name; /* last part of `path` */
    int fd;           /* inotify; -1: not to be had */
    int watch;        /* -1: the folder is not there */
    bool said_absent; /* that it is not there */
    dev_t folder_device;
    ino_t folder_inode;
    int64_t next_look_ms;
    struct file_mark refused; /* all zero: none */
    char problem[TRIGGER_PROBLEM_SIZE];
};

/* ---- what it asks for ---- */

struct unknown_words {
    char *text; /* of TRIGGER_PROBLEM_SIZE */
    size_t length;
    uint32_t count, named;
};

#define NAMED_MOST 4

static void note_unknown(struct unknown_words *unknown, struct text word)
{
    _Static_assert(NAMED_MOST * (TARGET_SHOWN_SIZE + 2) + 60 < TRIGGER_PROBLEM_SIZE, "the names fit");
    char shown[TARGET_SHOWN_SIZE];
    unknown->count++;
    if (unknown->named == NAMED_MOST)
        return;
    target_show(word, shown);
    int length = snprintf(unknown->text + unknown->length, TRIGGER_PROBLEM_SIZE - unknown->length, "%s%s",
        unknown->named++ ? ", " : "unknown: ", shown);
    unknown->length += length > 0 ? (size_t)length : 0;
}

static void end_unknown(const struct unknown_words *unknown)
{
    if (unknown->count == 0)
        return;
    int length = 0;
    if (unknown->count > unknown->named)
        length = snprintf(unknown->text + unknown->length, TRIGGER_PROBLEM_SIZE - unknown->length,
            " and %u more", unknown->count - unknown->named);
    if (length >= 0)
        log_warn("trigger file: %s; write TRACK or TRACK-CLASS, ids of the catalogue", unknown->text);
}

void trigger_act(struct refresh_run *run, struct text content, int64_t now_ms, int64_t wall_ms,
    char problem[static TRIGGER_PROBLEM_SIZE])
{
    struct text word, rest = content;
    struct target target;
    struct refresh_matched sum = {0};
    struct unknown_words unknown = {.text = problem};
    bool any = false;
    problem[0] = 0;
    while (target_next_word(&rest, &word)) {
        struct refresh_matched matched = {0};
        any = true;
        if (target_parse(word.data, word.length, &target))
            matched = refresh_run_target(run, &target, now_ms);
        if (matched.combinations == 0)
            note_unknown(&unknown, word);
        sum.combinations += matched.combinations;
        sum.under_way += matched.under_way;
    }
    if (!any)
        refresh_run_all(run, now_ms, wall_ms, "asked for by the trigger file");
    else
        log_info("trigger file: %u combinations go first, %u of them had been asked for or were being "
                 "fetched already",
            sum.combinations, sum.under_way);
    end_unknown(&unknown);
}

/* ---- taking it ---- */

static struct file_mark mark_of(const struct stat *info)
{
    return (struct file_mark){info->st_dev, info->st_ino, info->st_mtim};
}

static bool same_file(const struct file_mark *left, const struct file_mark *right)
{
    return left->device == right->device && left->inode == right->inode &&
           left->changed.tv_sec == right->changed.tv_sec && left->changed.tv_nsec == right->changed.tv_nsec;
}

static void refuse(struct trigger *trigger, const struct stat *info, const char *what, const char *cause)
{
    trigger->refused = mark_of(info);
    int length = snprintf(trigger->problem, sizeof trigger->problem, "cannot %s: %s", what, cause);
    if (length >= 0)
        log_error("trigger file %s: cannot %s: %s; it is left alone until it has changed", trigger->path,
            what, cause);
}

/* True if there is a file of that name that was not refused before. */
static bool is_there(const struct trigger *trigger, const char *path, struct stat *info)
{
    if (lstat(path, info) < 0)
        return false;
    struct file_mark mark = mark_of(info);
    return !same_file(&mark, &trigger->refused);
}

/* Moves it aside, so that the next one may be written while this one is read. */
static void take(struct trigger *trigger)
{
    struct stat info;
    if (!is_there(trigger, trigger->path, &info))
        return;
    if (!S_ISREG(info.st_mode))
        refuse(trigger, &info, "use it", "it is not a regular file");
    else if (rename(trigger->path, trigger->taken) < 0)
        refuse(trigger, &info, "move it aside", strerror(errno));
}

/* Reads, removes and acts on what was moved aside: just now, or by a process that did not live to do it. */
static void finish(struct trigger *trigger, int64_t now_ms)
{
    struct stat info;
    char error[FILE_ERROR_SIZE];
    if (!is_there(trigger, trigger->taken, &info))
        return;
    struct buffer content = buffer_make(TRIGGER_FILE_MAX);
    bool read = file_read(trigger->taken, &content, error);
    if (unlink(trigger->taken) < 0) {
        refuse(trigger, &info, "remove it", strerror(errno));
    } else if (!read) {
        int length = snprintf(trigger->problem, sizeof trigger->problem, "%s", error);
        if (length >= 0)
            log_error("trigger file: %s; it was removed and asks for nothing", error);
    } else {
        struct text text = {(const char *)content.data, (uint32_t)content.length};
        trigger_act(trigger->run, text, now_ms, clock_wall_ms(), trigger->problem);
    }
    buffer_free(&content);
}

/* ---- noticing it ---- */

static void unwatch(struct trigger *trigger)
{
    if (trigger->watch >= 0)
        inotify_rm_watch(trigger->fd, trigger->watch);
    trigger->watch = -1;
}

/* Watches the folder that has the path now, which may be another one than before. */
static void watch(struct trigger *trigger)
{
    struct stat info;
    bool there = stat(trigger->folder, &info) == 0 && S_ISDIR(info.st_mode);
    bool same = there && trigger->watch >= 0 && info.st_dev == trigger->folder_device &&
                info.st_ino == trigger->folder_inode;
    if (trigger->fd < 0 || same)
        return;
    unwatch(trigger);
    if (!there && !trigger->said_absent)
        log_warn(
            "refresh.trigger_file: there is no folder %s; make it, or set another file", trigger->folder);
    trigger->said_absent = !there;
    if (!there)
        return;
    trigger->watch = inotify_add_watch(trigger->fd, trigger->folder, WATCHED);
    if (trigger->watch < 0)
        log_debug("cannot watch %s: %s; it is looked at every few seconds", trigger->folder, strerror(errno));
    trigger->folder_device = info.st_dev;
    trigger->folder_inode = info.st_ino;
}

static void on_event(struct trigger *trigger, const struct inotify_event *event)
{
    if (event->mask & IN_Q_OVERFLOW)
        trigger->next_look_ms = 0;
    if (event->wd != trigger->watch)
        return;
    if (event->mask & (IN_IGNORED | IN_DELETE_SELF | IN_MOVE_SELF))
        unwatch(trigger);
    if (trigger->watch < 0 || (event->len && strcmp(event->name, trigger->name) == 0))
        trigger->next_look_ms = 0;
}

static void readable(void *context)
{
    struct trigger *trigger = context;
    _Alignas(struct inotify_event) char bytes[4096];
    ssize_t length;
    while ((length = read(trigger->fd, bytes, sizeof bytes)) > 0) {
        const struct inotify_event *event;
        for (ssize_t at = 0; at < length; at += (ssize_t)(sizeof *event + event->len)) {
            event = (const struct inotify_event *)(const void *)(bytes + at);
            on_event(trigger, event);
        }
    }
}

int64_t trigger_tick(struct trigger *trigger, int64_t now_ms)
{
    if (now_ms >= trigger->next_look_ms) {
        /* The watch first: what comes after the look is then an event. */
        watch(trigger);
        finish(trigger, now_ms);
        take(trigger);
        finish(trigger, now_ms);
        trigger->next_look_ms = now_ms + (trigger->watch >= 0 ? LOOK_EVERY_MS : LOOK_EVERY_MS_UNAIDED);
    }
    return trigger->next_look_ms - now_ms;
}

/* ---- opening ---- */

struct trigger *trigger_open(struct loop *loop, const char *path, struct refresh_run *run)
{
    struct trigger *trigger = memory_zalloc(1, sizeof *trigger);
    const char *slash = strrchr(path, '/');
    int folder_length = slash ? (int)(slash - path) : 0;
    *trigger = (struct trigger){.loop = loop, .run = run, .watch = -1};
    int length = snprintf(trigger->path, sizeof trigger->path, "%s", path);
    int taken_length = snprintf(trigger->taken, sizeof trigger->taken, "%s" TAKEN_SUFFIX, path);
    if (length < 0 || taken_length < 0 || (size_t)taken_length >= sizeof trigger->taken || !slash)
        log_fatal("refresh.trigger_file: %s is too long or not absolute", path);
    memcpy(trigger->folder, path, (size_t)folder_length);
    if (folder_length == 0)
        trigger->folder[0] = '/';
    trigger->name = trigger->path + (slash - path) + 1;
    trigger->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (trigger->fd < 0)
        log_warn("cannot watch for %s: %s; it is looked for every %d s", path, strerror(errno),
            LOOK_EVERY_MS_UNAIDED / 1000);
    else
        loop_add_fd(loop, trigger->fd, readable, trigger);
    return trigger;
}

void trigger_close(struct trigger **pointer)
{
    struct trigger *trigger = *pointer;
    if (!trigger)
        return;
    if (trigger->fd >= 0) {
        loop_remove_fd(trigger->loop, trigger->fd);
        close(trigger->fd);
    }
    free(trigger);
    *pointer = NULL;
}

const char *trigger_problem(const struct trigger *trigger)
{
    return trigger ? trigger->problem : "";
}
