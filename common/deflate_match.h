#ifndef R3E_COMMON_DEFLATE_MATCH_H
#define R3E_COMMON_DEFLATE_MATCH_H
/* Finds repetitions (LZ77) for deflate in pieces of up to 32 KB that may refer to the 32 KB before them.
 *
 * Two tables say where four and where eight bytes were last. The first finds a match; whatever is longer than
 * it has the bytes around its end in common with this place, so they are looked up in the second, as long as
 * that helps. A chain of all earlier places, as in zlib and libdeflate, visits two dozen of which most end at
 * the same byte: 1.3 times the time for 0.9 % less. A match is put off by one byte if the next place has a
 * better one (lazy evaluation, as there). Lengths of three are not looked for; in JSON they cost more time
 * than they save bits. What comes out depends on the piece and on what is in view of it, and on nothing else:
 * what is known from the piece before is exactly what looking at the view again would find out. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DEFLATE_WINDOW    32768u /* how far back a match may lie (RFC 1951, 3.2.5) */
#define DEFLATE_PIECE     32767u /* places in window and piece have 16 bits, and one is "none" */
#define DEFLATE_MATCH_MIN 4u
#define DEFLATE_MATCH_MAX 258u

/* A literal byte as itself; a match as below. */
#define DEFLATE_IS_MATCH(token)       ((token) >> 31)
#define DEFLATE_MATCH_LENGTH(token)   ((token) >> 16 & 0x7fffu)
#define DEFLATE_MATCH_DISTANCE(token) (((token)&0xffffu) + 1u)

struct deflate_matcher; /* some 230 KB; one thread at a time */

struct deflate_tokens {
    const uint32_t *tokens; /* the matcher's, until it is used again */
    uint32_t count;
};

struct deflate_matcher *deflate_matcher_open(void);
void deflate_matcher_close(struct deflate_matcher **matcher);

/* The tokens of `length` (at most DEFLATE_PIECE) bytes; `before` (at most DEFLATE_WINDOW) bytes that lie
 * directly before them are known to the reader. `follows`: those are the last bytes of what this matcher
 * looked at before, its view included, maybe at another address; that saves looking at them again. */
struct deflate_tokens deflate_matcher_run(
    struct deflate_matcher *matcher, const uint8_t *bytes, uint32_t before, uint32_t length, bool follows);

#endif
