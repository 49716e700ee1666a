#ifndef R3E_COMMON_CLIENT_KEYS_H
#define R3E_COMMON_CLIENT_KEYS_H
/* The keys of who connects to a coordinator over tcp: what --key and --server-key name. */
#include <stdbool.h>

#include "common/key_file.h"

/* In Z85. */
struct client_keys {
    char public_key[KEY_FILE_Z85_SIZE], secret_key[KEY_FILE_Z85_SIZE]; /* ours */
    char server_key[KEY_FILE_Z85_SIZE]; /* the coordinator's public one; "": no keys, no encryption */
};

/* Reads our .key file and the coordinator's .pub file. False: `error` says what is wrong, and `*out` is
 * empty. Wipe it with client_keys_wipe. */
bool client_keys_read(const char *key_path, const char *server_key_path, struct client_keys *out,
    char error[static FILE_ERROR_SIZE]);

void client_keys_wipe(struct client_keys *keys);

#endif
