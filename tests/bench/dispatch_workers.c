/* Plays workers that are connected to a coordinator and answer every job at once, without fetching:
 *
 *     dispatch_workers --store DIR [--workers 500] [--jobs 200000] [--mark 20000] [--track ID]…
 *
 * They speak the protocol of common/PROTOCOL.md over the ipc sockets in DIR: HELLO, READY, RESULT with rows
 * and detail that differ from what the store has, BYE after the `max_jobs` of their WELCOME; whoever has left
 * and is acknowledged comes again as another worker. With --track a targeted refresh of those tracks is asked
 * for after every --boards acknowledged ones, so that there is always something due. Prints one line of
 * JSON at every mark and at the end, when all results are acknowledged; ends with 1 where an answer is not
 * what it has to be. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/protocol.h"
#include "common/version.h"
#include "tests/bench/canned_board.h"
#include "tests/bench/zmtp.h"

#define EVENTS_MOST  512
#define TRACKS_MOST  256
#define UNACKED_MOST 64 /* as a real worker's outbox */
#define PATIENCE_MS  30000
#define FIRST_PID    1000000 /* no process of this host: its name is not this host's either */

enum worker_state {
    STATE_OUT,
    STATE_SHAKING,
    STATE_GREETED, /* HELLO was said */
    STATE_JOINED,
    STATE_LEAVING /* BYE was said */
};

struct player;

struct link {
    struct zmtp zmtp;
    struct player *player; /* NULL: the control connection */
    bool waits;            /* for the kernel to take more */
};

struct player {
    enum worker_state state;
    struct link jobs, results;
    char name[PROTOCOL_ID_SIZE];
    uint64_t done, max_jobs; /* in this life */
    unsigned unacked;
    bool owes_ready; /* as soon as there is room */
    bool over;       /* to be closed when the events of this round are through */
};

struct game {
    const char *store;
    struct player *players;
    unsigned workers;
    struct link control;
    unsigned tracks[TRACKS_MOST], track_count;
    unsigned boards_between; /* acknowledged ones after which a refresh is asked for again */
    uint64_t jobs_wanted, mark_every;
    uint64_t begun, answered, acked, lives, refreshes; /* begun: READYs that count towards jobs_wanted */
    uint64_t asked_at;
    unsigned present;
    int epoll_fd;
    int64_t started_us, last_news_ms, beat_ms;
    uint64_t next_pid;
    struct canned_board boards[2];
    struct buffer frame;
};

/* ---- connections ---- */

static void open_link(struct game *game, struct link *link, const char *socket, const char *type)
{
    char path[PATH_MAX];
    int length = snprintf(path, sizeof path, "%s/%s.sock", game->store, socket);
    if (length < 0 || (size_t)length >= sizeof path)
        log_fatal("--store: too long");
    zmtp_connect(&link->zmtp, path, type);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = link};
    if (epoll_ctl(game->epoll_fd, EPOLL_CTL_ADD, link->zmtp.fd, &event) < 0)
        log_fatal("epoll_ctl: %s", strerror(errno));
}

/* What the kernel does not take now is sent when it does. */
static void flush(struct game *game, struct link *link)
{
    bool waits = !zmtp_flush(&link->zmtp) && link->zmtp.phase == ZMTP_OPEN;
    if (waits == link->waits)
        return;
    struct epoll_event event = {.events = waits ? EPOLLIN | EPOLLOUT : EPOLLIN, .data.ptr = link};
    if (epoll_ctl(game->epoll_fd, EPOLL_CTL_MOD, link->zmtp.fd, &event) < 0)
        log_fatal("epoll_ctl: %s", strerror(errno));
    link->waits = waits;
}

static void tell(struct game *game, struct player *player, const struct message *message)
{
    buffer_clear(&game->frame);
    protocol_encode(message, &game->frame);
    zmtp_put(&player->jobs.zmtp, game->frame.data, game->frame.length, false);
    flush(game, &player->jobs);
}

/* ---- refreshes ---- */

static void ask_for_refresh(struct game *game)
{
    struct buffer *frame = &game->frame;
    if (!game->track_count || game->acked - game->asked_at < game->boards_between)
        return;
    game->asked_at = game->acked;
    game->refreshes++;
    buffer_clear(frame);
    buffer_append_string(frame, "{\"v\":1,\"type\":\"command\",\"command\":\"refresh\",\"targets\":[");
    for (unsigned i = 0; i < game->track_count; i++)
        buffer_format(frame, "%s\"%u\"", i ? "," : "", game->tracks[i]);
    buffer_append_string(frame, "]}");
    zmtp_put(&game->control.zmtp, frame->data, frame->length, false);
    flush(game, &game->control);
}

static void on_control(const uint8_t *bytes, size_t length)
{
    static const char good[] = "\"ok\":true";
    if (!memmem(bytes, length, good, sizeof good - 1))
        log_fatal("control: %.*s", (int)(length < 500 ? length : 500), (const char *)bytes);
}

/* ---- a worker's life ---- */

static void begin_life(struct game *game, struct player *player)
{
    *player = (struct player){.state = STATE_SHAKING, .jobs.player = player, .results.player = player};
    player->results.zmtp.fd = -1;
    game->lives++;
    game->present++;
    open_link(game, &player->jobs, "jobs", "DEALER");
}

static void end_life(struct game *game, struct player *player)
{
    zmtp_close(&player->jobs.zmtp);
    zmtp_close(&player->results.zmtp);
    player->state = STATE_OUT;
    game->present--;
}

static void say_hello(struct game *game, struct player *player)
{
    struct message hello = {.type = MESSAGE_HELLO,
        .hello = {.version = R3E_VERSION, .host = "dispatch-benchmark", .pid = game->next_pid++}};
    player->state = STATE_GREETED;
    tell(game, player, &hello);
}

static void say_bye(struct game *game, struct player *player, enum bye reason)
{
    struct message bye = {.type = MESSAGE_BYE, .bye = {.reason = reason}};
    player->state = STATE_LEAVING;
    tell(game, player, &bye);
}

/* True if a job is to be asked for; else it leaves, or does so when it was acknowledged. */
static bool goes_on(struct game *game, struct player *player)
{
    player->owes_ready = false;
    if (player->done >= player->max_jobs || game->begun >= game->jobs_wanted)
        say_bye(game, player, player->done >= player->max_jobs ? BYE_MAX_JOBS : BYE_ASKED);
    else if (player->unacked >= UNACKED_MOST)
        player->owes_ready = true;
    else
        return game->begun++ < game->jobs_wanted;
    return false;
}

static void go_on(struct game *game, struct player *player)
{
    struct message ready = {.type = MESSAGE_READY};
    if (goes_on(game, player))
        tell(game, player, &ready);
}

static void mark(struct game *game, const char *kind)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("{\"mark\":\"%s\",\"jobs\":%" PRIu64 ",\"acknowledged\":%" PRIu64 ",\"lives\":%" PRIu64
           ",\"refreshes\":%" PRIu64 ",\"s\":%.6f,\"cpu_s\":%.6f}\n",
        kind, game->answered, game->acked, game->lives, game->refreshes,
        (double)(clock_monotonic_us() - game->started_us) / 1e6,
        (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
            (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6);
    fflush(stdout);
}

static void on_job(struct game *game, struct player *player, const struct message_job *job)
{
    if (player->state != STATE_JOINED)
        log_fatal("a job for a worker that has not asked for one");
    const struct canned_board *board = &game->boards[strcmp(job->content_hash, game->boards[0].hash) == 0];
    struct message result = canned_board_result(board, job, player->name);
    player->done++;
    player->unacked++;
    game->answered++;
    result.result.ready = goes_on(game, player);
    buffer_clear(&game->frame);
    protocol_encode(&result, &game->frame);
    zmtp_put(&player->results.zmtp, game->frame.data, game->frame.length, true);
    zmtp_put(&player->results.zmtp, board->rows.data, board->rows.length, true);
    zmtp_put(&player->results.zmtp, board->detail.data, board->detail.length, false);
    flush(game, &player->results);
    if (game->answered % game->mark_every == 0)
        mark(game, "mark");
}

static void on_ack(struct game *game, struct player *player, const struct message_ack *ack)
{
    if (ack->verdict != VERDICT_STORED || ack->leases.count > player->unacked)
        log_fatal("%u results of worker %s: %s", (unsigned)ack->leases.count, player->name,
            verdict_string(ack->verdict));
    player->unacked -= ack->leases.count;
    game->acked += ack->leases.count;
    ask_for_refresh(game);
    if (player->owes_ready)
        go_on(game, player);
}

static void on_welcome(struct game *game, struct player *player, const struct message_welcome *welcome)
{
    if (player->state != STATE_GREETED)
        log_fatal("a welcome for a worker that has not said hello");
    memcpy(player->name, welcome->worker, sizeof player->name);
    player->max_jobs = welcome->max_jobs;
    game->beat_ms = (int64_t)welcome->heartbeat_ms;
    player->state = STATE_JOINED;
    open_link(game, &player->results, "results", "PUSH");
    go_on(game, player);
}

static void on_message(struct game *game, struct player *player, const struct message *message)
{
    switch (message->type) {
    case MESSAGE_WELCOME:
        on_welcome(game, player, &message->welcome);
        break;
    case MESSAGE_JOB:
        on_job(game, player, &message->job);
        break;
    case MESSAGE_ACK:
        on_ack(game, player, &message->ack);
        break;
    case MESSAGE_HEARTBEAT:
        break;
    case MESSAGE_REFUSE:
        log_fatal("refused: %s", message->refuse.reason);
    default:
        log_fatal("a %s was not expected", message_type_string(message->type));
    }
    player->over |= player->state == STATE_LEAVING && player->unacked == 0;
}

/* ---- events ---- */

static void on_frame(struct game *game, struct link *link, const uint8_t *bytes, size_t length)
{
    struct message message;
    char problem[PROTOCOL_PROBLEM_SIZE];
    if (!link->player)
        on_control(bytes, length);
    else if (!protocol_decode(bytes, length, &message, problem))
        log_fatal("a message that cannot be used: %s", problem);
    else
        on_message(game, link->player, &message);
}

static void on_event(struct game *game, struct link *link)
{
    const uint8_t *bytes;
    size_t length;
    enum zmtp_phase before = link->zmtp.phase;
    if (!zmtp_read(&link->zmtp))
        log_fatal("the coordinator has hung up");
    while (zmtp_next(&link->zmtp, &bytes, &length))
        on_frame(game, link, bytes, length);
    if (before != ZMTP_OPEN && link->zmtp.phase == ZMTP_OPEN && link->player &&
        link->player->state == STATE_SHAKING)
        say_hello(game, link->player);
    if (link->zmtp.out.length)
        flush(game, link);
}

/* A life that is over is followed by another while there are jobs to do. */
static void sweep(struct game *game)
{
    for (unsigned i = 0; i < game->workers; i++) {
        struct player *player = &game->players[i];
        if (!player->over)
            continue;
        end_life(game, player);
        player->over = false;
        if (game->begun < game->jobs_wanted)
            begin_life(game, player);
    }
}

/* A worker that waits for long says that it is there. */
static void beat(struct game *game)
{
    struct message message = {.type = MESSAGE_HEARTBEAT};
    for (unsigned i = 0; i < game->workers; i++)
        if (game->players[i].state == STATE_JOINED)
            tell(game, &game->players[i], &message);
}

static void play(struct game *game)
{
    static struct epoll_event events[EVENTS_MOST];
    int64_t beaten_ms = clock_monotonic_ms();
    uint64_t acked = 0;
    game->last_news_ms = clock_monotonic_ms();
    while (game->present) {
        int count = epoll_wait(game->epoll_fd, events, EVENTS_MOST, 1000);
        int64_t now_ms = clock_monotonic_ms();
        for (int i = 0; i < count; i++)
            on_event(game, events[i].data.ptr);
        sweep(game);
        if (game->acked != acked)
            game->last_news_ms = now_ms;
        acked = game->acked;
        if (now_ms - game->last_news_ms > PATIENCE_MS)
            log_fatal("nothing was acknowledged for %d s", PATIENCE_MS / 1000);
        if (game->beat_ms && now_ms - beaten_ms >= game->beat_ms) {
            beat(game);
            beaten_ms = now_ms;
        }
    }
}

/* ---- command line ---- */

static uint64_t number(const char *text, uint64_t most)
{
    char *end;
    unsigned long long value = strtoull(text, &end, 10);
    if (!*text || *end || value < 1 || value > most)
        log_fatal("%s: a number from 1 to %" PRIu64 " was expected", text, most);
    return value;
}

static void read_options(struct game *game, int argc, char **argv)
{
    static const struct option names[] = {{"store", required_argument, NULL, 's'},
        {"workers", required_argument, NULL, 'w'}, {"jobs", required_argument, NULL, 'j'},
        {"mark", required_argument, NULL, 'm'}, {"track", required_argument, NULL, 't'},
        {"boards", required_argument, NULL, 'b'}, {0}};
    int option;
    while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
        if (option == 's')
            game->store = optarg;
        else if (option == 'w')
            game->workers = (unsigned)number(optarg, 4096);
        else if (option == 'j')
            game->jobs_wanted = number(optarg, UINT64_MAX);
        else if (option == 'm')
            game->mark_every = number(optarg, UINT64_MAX);
        else if (option == 'b')
            game->boards_between = (unsigned)number(optarg, UINT_MAX);
        else if (option == 't' && game->track_count < TRACKS_MOST)
            game->tracks[game->track_count++] = (unsigned)number(optarg, INT_MAX);
        else
            log_fatal("usage: dispatch_workers --store DIR [--workers N] [--jobs N] [--mark N] [--track ID]… "
                      "[--boards N]");
    }
    if (!game->store)
        log_fatal("--store is missing");
}

int main(int argc, char **argv)
{
    struct game game = {.workers = 500,
        .jobs_wanted = 200000,
        .mark_every = 20000,
        .boards_between = 1000,
        .next_pid = FIRST_PID,
        .frame = buffer_make(PROTOCOL_FRAME_MAX)};
    log_open("dispatch_workers", LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
    read_options(&game, argc, argv);
    game.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (game.epoll_fd < 0)
        log_fatal("epoll_create1: %s", strerror(errno));
    for (unsigned i = 0; i < 2; i++)
        game.boards[i] = canned_board_make(i);
    game.players = memory_zalloc(game.workers, sizeof *game.players);
    open_link(&game, &game.control, "control", "DEALER");
    game.started_us = clock_monotonic_us();
    for (unsigned i = 0; i < game.workers; i++)
        begin_life(&game, &game.players[i]);
    play(&game);
    mark(&game, "end");
    zmtp_close(&game.control.zmtp);
    for (unsigned i = 0; i < 2; i++)
        canned_board_free(&game.boards[i]);
    buffer_free(&game.frame);
    free(game.players);
    return game.acked == game.answered ? 0 : 1;
}
