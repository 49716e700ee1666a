#ifndef R3E_COMMON_KEY_FILE_H
#define R3E_COMMON_KEY_FILE_H
/* CURVE keys in files, made by `r3ectl keygen`: NAME.key holds both keys and is its owner's only, NAME.pub
 * the public one alone and may be copied anywhere.
 *
 *     # r3e-leaderboard: the public key of host2
 *     name = host2
 *     rights = worker
 *     public_key = rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7
 *
 * One `key = value` a line, the value up to the end of the line without blanks round it; empty lines and
 * lines that begin with # say nothing. Keys are in Z85 (ZeroMQ RFC 32), 40 characters for 32 bytes. What a
 * peer may do is what the copy in the coordinator's own folder says, never what the peer says. */
#include <stdbool.h>

#include "common/buffer.h"
#include "common/file.h"
#include "common/pack_reader.h"

#define KEY_FILE_MAX         ((size_t)4096) /* bytes */
#define KEY_FILE_Z85_SIZE    41             /* with the terminating zero */
#define KEY_FILE_NAME_SIZE   64
#define KEY_FILE_RIGHTS_SIZE 32 /* of key_file_rights_text */

/* What a key may do. An operator may watch too. */
#define KEY_RIGHTS(X)                                                                                        \
    X(KEY_RIGHT_WORKER, "worker", 1)                                                                         \
    X(KEY_RIGHT_MONITOR, "monitor", 2)                                                                       \
    X(KEY_RIGHT_OPERATOR, "operator", 4)

enum key_right {
#define X(name, string, bit) name = (bit),
    KEY_RIGHTS(X)
#undef X
};

struct key_file {
    char name[KEY_FILE_NAME_SIZE]; /* letters, digits, `.`, `_`, `-`; not empty */
    unsigned rights;               /* bits KEY_RIGHT_*; 0: none, as in the coordinator's own key */
    char public_key[KEY_FILE_Z85_SIZE];
    char secret_key[KEY_FILE_Z85_SIZE]; /* "": the file has none */
};

/* Takes the content of a file apart. False: `problem` says what is wrong and in which line. Pure. A secret
 * key must be that of the public one. */
bool key_file_parse(struct text content, struct key_file *out, char problem[static FILE_ERROR_SIZE]);

enum key_file_kind { KEY_FILE_SECRET, KEY_FILE_PUBLIC };

/* Reads a file of that kind. Refused with a sentence that names the path: a secret key that anybody but its
 * owner can read (as PostgreSQL has it: mode 0600 or less; 0640 or less if it is root's, so that a service's
 * group may read it), a public one that anybody but its owner can write (whoever can exchange it can be us),
 * either if it belongs to neither us nor root; a secret file without secret key, a public one with one. errno
 * is then the system's, or 0. */
bool key_file_read(
    const char *path, enum key_file_kind kind, struct key_file *out, char error[static FILE_ERROR_SIZE]);

/* The content of the .key (`secret`) or the .pub file, which reads back to the same. Wipe what was secret
 * with key_file_wipe_buffer. */
void key_file_format(const struct key_file *key, bool secret, struct buffer *out);

/* Overwrites the keys, or the bytes of a buffer, which is freed. */
void key_file_wipe(struct key_file *key);
void key_file_wipe_buffer(struct buffer *buffer);

/* 1 to 63 letters, digits, `.`, `_` and `-`, not beginning with a dot. */
bool key_file_name_is_right(const char *name);

/* "worker", "monitor,operator" … to bits, and back ("none" for none). False for anything else. */
bool key_file_rights_parse(const char *text, unsigned *rights);
void key_file_rights_text(unsigned rights, char out[static KEY_FILE_RIGHTS_SIZE]);

#endif
