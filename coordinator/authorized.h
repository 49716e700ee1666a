#ifndef R3E_COORDINATOR_AUTHORIZED_H
#define R3E_COORDINATOR_AUTHORIZED_H
/* The keys that may connect: a folder with one file NAME.pub for each (common/key_file.h), which says what
 * the key may do. Looked at every AUTHORIZED_LOOK_MS and read again when anything in it has changed, so a key
 * comes and goes with its file: no restart, no signal.
 *
 * What is in doubt stays out: a file that cannot be used or is loose authorizes nothing and is said so once;
 * of two files with one key and different rights what both say counts; a folder that is gone or that others
 * can write admits nobody. Only a lack of descriptors or memory leaves everything as it was. One thread. */
#include <stdbool.h>
#include <stdint.h>

#include "common/file.h"
#include "common/key_file.h"

#define AUTHORIZED_LOOK_MS 1000
#define AUTHORIZED_MOST    1024 /* keys; more are not read */

struct authorized;

/* `folder` is borrowed for its life. Nobody is authorized before the first look. */
struct authorized *authorized_open(const char *folder);
void authorized_close(struct authorized **pointer);

enum authorized_change {
    AUTHORIZED_SAME,
    AUTHORIZED_MORE, /* keys came, or got rights; none lost any */
    AUTHORIZED_LESS  /* a key is gone or has lost a right: who uses it has to go */
};

/* Looks if it is time to. */
enum authorized_change authorized_look(struct authorized *authorized, int64_t now_ms);

/* Milliseconds until the next look. */
int64_t authorized_wait_ms(const struct authorized *authorized, int64_t now_ms);

/* The key of that Z85 text, or NULL. Valid until the next look. */
const struct key_file *authorized_find(const struct authorized *authorized, const char *public_key);

unsigned authorized_count(const struct authorized *authorized);

/* What was wrong with one of the files or with the folder at the last look: "" if nothing was. */
const char *authorized_problem(const struct authorized *authorized);

#endif
