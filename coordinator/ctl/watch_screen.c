#include "coordinator/ctl/watch_screen.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "coordinator/ctl/control_client.h"
#include "coordinator/ctl/keys.h"
#include "coordinator/ctl/terminal.h"
#include "coordinator/ctl/watch_view.h"

#define DRAW_EVERY_MS 100   /* at most: a person does not read faster */
#define WAKE_MS       1000  /* the seconds since something was heard go on */
#define GONE_MS       15000 /* a coordinator that restarts is back by then */
#define FRAME_MAX     ((size_t)1024 * 1024)

struct watch {
    const char *name;
    const struct watch_screen_options *options;
    struct watch_model model;
    struct screen screen;
    struct terminal terminal;
    struct listener *listener;
    struct control_client *control; /* NULL: nothing can be asked for */
    bool answering;                 /* a command was sent and is not answered */
    struct buffer frame;
    bool changed; /* since it was drawn */
    int64_t next_draw_ms;
    bool done;
    int code;
};

static void draw(struct watch *watch, int64_t now_ms)
{
    unsigned width, height;
    terminal_size(&width, &height);
    screen_begin(&watch->screen, width, height);
    watch_view_make(&watch->model, &watch->screen, now_ms);
    buffer_clear(&watch->frame);
    screen_draw(&watch->screen, &watch->frame);
    if (watch->frame.length && !terminal_write(watch->frame.data, watch->frame.length))
        watch->done = true; /* the terminal is gone */
    watch->changed = false;
    watch->next_draw_ms = now_ms + DRAW_EVERY_MS;
}

/* ---- commands ---- */

static void command(struct watch *watch, enum control_command what, int64_t now_ms)
{
    struct control_request request = {.command = what};
    if (!watch->control)
        watch_model_note(&watch->model, true, now_ms,
            "the control socket is not known; start with --config FILE or --control ENDPOINT");
    else if (watch->answering)
        watch_model_note(&watch->model, true, now_ms, "the last command is not answered yet");
    else if (!control_client_send(watch->control, &request))
        watch_model_note(&watch->model, true, now_ms, "nobody listens on the control socket");
    else
        watch->answering = true;
}

static void take_answer(struct watch *watch, int64_t now_ms)
{
    struct control_reply reply;
    if (!watch->control || !control_client_take(watch->control, &reply))
        return;
    watch->answering = false;
    watch_model_note(&watch->model, reply.code == CONTROL_CODE_FAILED || reply.code == CONTROL_CODE_WRONG,
        now_ms, "%s", reply.text);
}

/* ---- keys ---- */

static bool answer_question(struct watch *watch, enum key key, int64_t now_ms)
{
    enum watch_asking asking = watch->model.asking;
    watch->model.asking = WATCH_ASKS_NOTHING;
    if (asking == WATCH_ASKS_NOTHING)
        return false;
    if (key == (enum key)'y' || key == (enum key)'Y')
        command(watch, asking == WATCH_ASKS_REFRESH ? CONTROL_REFRESH : CONTROL_PAUSE, now_ms);
    return true;
}

static void scroll(struct watch *watch, enum key key)
{
    struct watch_model *model = &watch->model;
    unsigned page = watch_view_workers_shown(model, &watch->screen);
    unsigned step = key == KEY_PAGE_UP || key == KEY_PAGE_DOWN ? page : 1;
    if (key == KEY_HOME)
        model->scroll = 0;
    else if (key == KEY_END)
        model->scroll = model->workers.count;
    else if (key == KEY_UP || key == KEY_PAGE_UP || key == (enum key)'k')
        model->scroll -= model->scroll < step ? model->scroll : step;
    else
        model->scroll += step; /* the view corrects it */
}

static void take_key(struct watch *watch, enum key key, int64_t now_ms)
{
    struct watch_model *model = &watch->model;
    if (answer_question(watch, key, now_ms))
        return;
    switch ((int)key) {
    case 'q':
    case 'Q':
        watch->done = true;
        break;
    case 's':
        model->sort = (enum worker_sort)((model->sort + 1) % WORKER_SORT_COUNT);
        worker_list_sort(&model->workers, model->sort);
        break;
    case 'p':
        if (strcmp(model->summary.hold, "paused") == 0)
            command(watch, CONTROL_RESUME, now_ms);
        else
            model->asking = WATCH_ASKS_PAUSE;
        break;
    case 'r':
        model->asking = WATCH_ASKS_REFRESH;
        break;
    case '?':
    case 'h':
        model->help = !model->help;
        break;
    case KEY_ESCAPE:
        model->help = false;
        break;
    case 'j':
    case 'k':
    case KEY_UP:
    case KEY_DOWN:
    case KEY_PAGE_UP:
    case KEY_PAGE_DOWN:
    case KEY_HOME:
    case KEY_END:
        scroll(watch, key);
        break;
    default:
        break;
    }
}

static void read_keys(struct watch *watch, int64_t now_ms)
{
    char bytes[256];
    size_t used;
    ssize_t got = read(STDIN_FILENO, bytes, sizeof bytes);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
        watch->done = true; /* readable and empty: the terminal has hung up */
        return;
    }
    for (size_t at = 0; got > 0 && at < (size_t)got && !watch->done; at += used)
        take_key(watch, keys_next(bytes + at, (size_t)got - at, &used), now_ms);
}

static bool keys_wait(void)
{
    zmq_pollitem_t item = {.fd = STDIN_FILENO, .events = ZMQ_POLLIN};
    return zmq_poll(&item, 1, 0) > 0;
}

/* ---- signals, the end ---- */

/* As if we had never touched the terminal, until somebody brings us back. */
static void stop_for_a_while(struct watch *watch)
{
    terminal_suspend(&watch->terminal);
    raise(SIGSTOP);
    if (!terminal_resume(&watch->terminal))
        watch->done = true;
    watch->screen.whole = true;
}

static void on_signal(struct watch *watch, int number)
{
    if (number == SIGTSTP)
        stop_for_a_while(watch);
    else if (number != SIGWINCH)
        watch->done = true;
    watch->next_draw_ms = 0;
}

static void look_at_end(struct watch *watch)
{
    const char *state = watch->model.summary.state;
    bool stopping = strcmp(state, "stopping") == 0;
    if (!watch->options->until_done || (!stopping && strcmp(state, "done") != 0))
        return;
    watch->code = stopping ? CTL_FAILED : CTL_DONE;
    watch->done = true;
}

static bool is_gone(const struct watch *watch, int64_t now_ms)
{
    bool patient = watch->model.known && !watch->options->until_done;
    return now_ms - watch->model.heard_ms > (patient ? GONE_MS : LISTENER_SILENCE_MS);
}

static void go_round(struct watch *watch)
{
    struct listener_message message;
    int signal_number;
    int64_t now_ms = clock_monotonic_ms(), wait_ms = WAKE_MS;
    if (watch->changed)
        wait_ms = watch->next_draw_ms > now_ms ? watch->next_draw_ms - now_ms : 0;
    enum listener_event event = listener_next(watch->listener, wait_ms, &message, &signal_number);
    now_ms = clock_monotonic_ms();
    if (event == LISTENER_SIGNAL)
        on_signal(watch, signal_number);
    else if (event == LISTENER_MESSAGE)
        watch_model_take(&watch->model, &message, now_ms);
    else if (event == LISTENER_OTHER && keys_wait())
        read_keys(watch, now_ms);
    take_answer(watch, now_ms);
    look_at_end(watch);
    watch->changed = true;
    if (event == LISTENER_OTHER || event == LISTENER_SILENCE || now_ms >= watch->next_draw_ms)
        draw(watch, now_ms);
}

static int follow(struct watch *watch)
{
    bool gone = false;
    watch->model.heard_ms = clock_monotonic_ms();
    while (!watch->done && !gone) {
        go_round(watch);
        gone = is_gone(watch, clock_monotonic_ms());
    }
    terminal_leave(&watch->terminal);
    return gone ? listener_nobody(watch->listener) : watch->code;
}

/* ---- beginning ---- */

/* Without a configuration and --control one can watch all the same. */
static void open_control(struct watch *watch)
{
    const struct ctl_globals *where = &watch->options->where;
    const struct ctl_globals control = {
        .config_path = where->config_path, .connect = watch->options->control};
    int code;
    if (!control.connect && !control.config_path)
        return;
    watch->control = control_client_open(&control, watch->name, &code);
    if (watch->control)
        listener_also(watch->listener,
            (zmq_pollitem_t){.socket = control_client_socket(watch->control), .events = ZMQ_POLLIN});
}

static int open_and_follow(struct watch *watch)
{
    const unsigned topics = (1u << LISTENER_TOPIC_COUNT) - 1;
    int code;
    watch->listener = listener_open(&watch->options->where, watch->name, topics, true, &code);
    if (!watch->listener)
        return code;
    open_control(watch);
    listener_also(watch->listener, (zmq_pollitem_t){.fd = STDIN_FILENO, .events = ZMQ_POLLIN});
    if (terminal_enter(&watch->terminal))
        return follow(watch);
    fprintf(stderr, "r3ectl %s: the terminal cannot be used: %s; try --line\n", watch->name, strerror(errno));
    return CTL_FAILED;
}

int watch_screen_run(const char *name, const struct watch_screen_options *options)
{
    struct watch watch = {.name = name,
        .options = options,
        .screen = screen_make(options->colour, options->utf8),
        .frame = buffer_make(FRAME_MAX)};
    int code = CTL_FAILED;
    if (terminal_open(&watch.terminal))
        code = open_and_follow(&watch);
    else
        fprintf(stderr, "r3ectl %s: the terminal cannot be used: %s; try --line\n", name, strerror(errno));
    terminal_leave(&watch.terminal);
    listener_close(&watch.listener);
    control_client_close(&watch.control);
    watch_model_free(&watch.model);
    screen_free(&watch.screen);
    buffer_free(&watch.frame);
    return code;
}
