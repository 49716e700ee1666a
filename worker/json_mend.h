#ifndef R3E_WORKER_JSON_MEND_H
#define R3E_WORKER_JSON_MEND_H
/* What is done to a page's text before and after cJSON saw it. */
#include <stddef.h>

#include "common/protocol.h"

/* Mends, in place and without changing the length, what would make cJSON cut a string or refuse a whole page
 * for one name in it: `\u0000` (its strings end there) and surrogates without their other half (it refuses
 * them) become `\ufffd`; bytes of zero, which no JSON has, become spaces. */
void json_mend(char *bytes, size_t length);

/* Why a text was refused, for a person to read: a page of HTML, cut off, nested too deep, or broken at byte
 * `stopped_at`. Returns FAILURE_NOT_JSON or FAILURE_TRUNCATED. */
enum failure json_explain(
    const char *bytes, size_t length, size_t stopped_at, char problem[static PROTOCOL_TEXT_SIZE]);

#endif
