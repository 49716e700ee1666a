#ifndef R3E_COORDINATOR_CTL_TERMINAL_H
#define R3E_COORDINATOR_CTL_TERMINAL_H
/* The terminal while a program has all of its screen: keys come one by one without echo, the alternate screen
 * is shown, the cursor is not. Plain ANSI (ECMA-48, and xterm's private modes 25 and 1049, which every
 * terminal of today has) in place of curses: a screen that is drawn row by row needs no more, and nothing has
 * to be installed.
 *
 * It is put right again however the program ends: by terminal_leave, or, where that is not reached (a crash,
 * kill -9), by a child that waits for its end. The child is forked without exec, so terminal_open comes
 * before ZeroMQ is started. Ctrl-C and Ctrl-Z still make signals. */
#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

struct terminal {
    bool entered;
    struct termios before;
    int guard_fd; /* the child restores the terminal when this closes unsaid; -1: none */
};

/* True if standard input and output are a terminal that can do this. */
bool terminal_is_there(void);

/* Nothing is changed yet. False with errno set: it cannot be used. terminal_leave in both cases. */
bool terminal_open(struct terminal *terminal);

/* False with errno set. */
bool terminal_enter(struct terminal *terminal);

/* Harmless if it was left already. */
void terminal_leave(struct terminal *terminal);

/* For a while: what is before and after a Ctrl-Z. False with errno set. */
void terminal_suspend(const struct terminal *terminal);
bool terminal_resume(const struct terminal *terminal);

void terminal_size(unsigned *width, unsigned *height);

/* Writes all of it, whatever the terminal's speed. False: it is gone. */
bool terminal_write(const void *bytes, size_t length);

#endif
