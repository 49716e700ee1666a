#include "exporter/item_file.h"

#include <stdio.h>

#include "common/log.h"
#include "exporter/item_work.h"
#include "exporter/threads.h"

struct team {
    struct publication *publication;
    struct guard *guard;
    const struct item_files *files;
    pthread_mutex_t mutex; /* guards all below */
    pthread_cond_t changed;
    uint32_t next_file;      /* to be opened */
    bool describing;         /* a thread is in `describe` */
    uint32_t opening;        /* threads that are opening a file */
    struct item_work *first; /* files under way, in the order in which they were opened */
};

static void add_work(struct team *team, struct item_work *work)
{
    struct item_work **at = &team->first;
    while (*at)
        at = &(*at)->next;
    *at = work;
}

static void remove_work(struct team *team, struct item_work *work)
{
    struct item_work **at = &team->first;
    while (*at != work)
        at = &(*at)->next;
    *at = work->next;
}

/* Under the mutex, or when all threads have ended. */
static void tell_finished(const struct team *team, uint32_t file)
{
    if (team->files->finished)
        team->files->finished(team->files->context, file);
}

/* ---- opening files ---- */

/* Opens the next file. Under the mutex, and out of it meanwhile. */
static void open_next(struct team *team)
{
    char path[PATH_MAX];
    struct item_list list = {0};
    uint32_t file = team->next_file++;
    team->describing = true;
    team->opening++;
    pthread_mutex_unlock(&team->mutex);
    bool described = team->files->describe(team->files->context, file, path, &list);
    pthread_mutex_lock(&team->mutex);
    team->describing = false;
    pthread_cond_broadcast(&team->changed);
    pthread_mutex_unlock(&team->mutex);
    struct item_work *work = described ? item_work_open(team->publication, path, &list, team->guard) : NULL;
    if (!described)
        guard_fail(team->guard, "cannot make file %u of a list", file);
    if (work)
        work->file = file;
    pthread_mutex_lock(&team->mutex);
    team->opening--;
    if (work)
        add_work(team, work);
    else if (described)
        tell_finished(team, file);
    pthread_cond_broadcast(&team->changed);
}

/* ---- runs ---- */

static struct item_run *take_any(struct team *team, struct item_work **work)
{
    for (*work = team->first; *work; *work = (*work)->next) {
        struct item_run *run = item_work_take(*work);
        if (run)
            return run;
    }
    return NULL;
}

/* Waits for something to do. NULL: there is nothing left, or the guard said stop. Under the mutex. */
static struct item_run *next_run(struct team *team, struct item_work **work)
{
    while (guard_ok(team->guard)) {
        struct item_run *run = take_any(team, work);
        if (run)
            return run;
        if (team->next_file < team->files->count && !team->describing)
            open_next(team);
        else if (!team->first && !team->opening && team->next_file == team->files->count)
            return NULL;
        else
            pthread_cond_wait(&team->changed, &team->mutex);
    }
    return NULL;
}

/* Under the mutex, and out of it meanwhile. */
static void close_work(struct team *team, struct item_work *work)
{
    uint32_t file = work->file;
    remove_work(team, work);
    pthread_mutex_unlock(&team->mutex);
    item_work_close(work, guard_ok(team->guard));
    pthread_mutex_lock(&team->mutex);
    tell_finished(team, file);
}

static void finish_run(struct team *team, struct item_work *work, struct item_run *run)
{
    run->made = true;
    for (run = item_work_next_to_write(work, NULL); run; run = item_work_next_to_write(work, run)) {
        pthread_mutex_unlock(&team->mutex);
        bool written = item_work_write(work, run);
        pthread_mutex_lock(&team->mutex);
        if (!written)
            return;
        /* There is room for another run. */
        pthread_cond_broadcast(&team->changed);
    }
    if (item_work_done(work))
        close_work(team, work);
}

static void *run_thread(void *context)
{
    struct team *team = context;
    struct item_hand hand = item_hand_open();
    struct item_work *work;
    struct item_run *run;
    pthread_mutex_lock(&team->mutex);
    while ((run = next_run(team, &work))) {
        pthread_mutex_unlock(&team->mutex);
        bool made = item_work_make(work, run, &hand);
        pthread_mutex_lock(&team->mutex);
        if (made)
            finish_run(team, work, run);
        else
            guard_fail(team->guard, "cannot make %s", work->path);
        pthread_cond_broadcast(&team->changed);
    }
    pthread_cond_broadcast(&team->changed);
    pthread_mutex_unlock(&team->mutex);
    item_hand_close(&hand);
    return NULL;
}

/* ---- the whole ---- */

/* A single file is opened first: often there is little or nothing to do, and one thread does it. */
static unsigned threads_needed(struct team *team, unsigned threads)
{
    if (team->files->count != 1)
        return threads;
    pthread_mutex_lock(&team->mutex);
    open_next(team);
    pthread_mutex_unlock(&team->mutex);
    uint32_t to_make = team->first ? item_work_to_make(team->first) : 0;
    return to_make < threads ? to_make : threads;
}

static bool run_team(struct team *team, unsigned threads)
{
    unsigned needed = threads_needed(team, threads);
    if (needed > 1) {
        struct threads started = threads_start(needed, run_thread, team);
        threads_join(&started);
    } else {
        run_thread(team);
    }
    bool stopped = team->first != NULL;
    while (team->first) {
        struct item_work *work = team->first;
        uint32_t file = work->file;
        team->first = work->next;
        item_work_close(work, false);
        tell_finished(team, file);
    }
    return !stopped && guard_ok(team->guard);
}

bool item_files_write(
    struct publication *publication, const struct item_files *files, unsigned threads, struct guard *guard)
{
    struct team team = {.publication = publication, .guard = guard, .files = files};
    pthread_mutex_init(&team.mutex, NULL);
    pthread_cond_init(&team.changed, NULL);
    bool written = run_team(&team, threads);
    pthread_cond_destroy(&team.changed);
    pthread_mutex_destroy(&team.mutex);
    return written;
}

struct one_file {
    const char *path;
    const struct item_list *list;
};

static bool describe_one(void *context, uint32_t file, char path[static PATH_MAX], struct item_list *list)
{
    const struct one_file *one = context;
    (void)file;
    int length = snprintf(path, PATH_MAX, "%s", one->path);
    if (length < 0 || length >= PATH_MAX)
        log_bug("item_file: a path of %d bytes", length);
    *list = *one->list;
    return true;
}

bool item_file_write(struct publication *publication, const char *path, const struct item_list *list,
    unsigned threads, struct guard *guard)
{
    struct one_file one = {path, list};
    const struct item_files files = {.context = &one, .count = 1, .describe = describe_one};
    return item_files_write(publication, &files, threads, guard);
}
