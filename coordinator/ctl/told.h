#ifndef R3E_COORDINATOR_CTL_TOLD_H
#define R3E_COORDINATOR_CTL_TOLD_H
/* What a coordinator's sockets tell (common/PROTOCOL.md), taken apart. The sender may be of another release,
 * and whoever plays the coordinator must not steer the terminal: what is missing or of another type becomes
 * nothing, and every string is safe to print. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "common/pack_reader.h"

/* The document, with each control character and ill-formed byte of its strings and names made a `?`. NULL:
 * that is no JSON; all functions here take NULL. Release with cJSON_Delete. */
cJSON *told_parse(struct text json);

/* The member of that name, or NULL. */
const cJSON *told_member(const cJSON *object, const char *name);

/* A count, which a double holds exactly. False: that is none, and `*out` stays. */
bool told_take_count(const cJSON *value, uint64_t *out);

/* The member as a count; 0: there is none. */
uint64_t told_count(const cJSON *object, const char *name);

/* The member as text, or "". Valid as long as the document. */
const char *told_text(const cJSON *object, const char *name);

/* Copies the member's text, or "", to `out`; what is longer is cut between characters. */
void told_copy(const cJSON *object, const char *name, char *out, size_t size);

#endif
