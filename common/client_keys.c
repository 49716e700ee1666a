#include "common/client_keys.h"

#include <string.h>

bool client_keys_read(const char *key_path, const char *server_key_path, struct client_keys *out,
    char error[static FILE_ERROR_SIZE])
{
    struct key_file own, server;
    *out = (struct client_keys){0};
    bool ok = key_file_read(key_path, KEY_FILE_SECRET, &own, error) &&
              key_file_read(server_key_path, KEY_FILE_PUBLIC, &server, error);
    if (ok) {
        memcpy(out->public_key, own.public_key, sizeof own.public_key);
        memcpy(out->secret_key, own.secret_key, sizeof own.secret_key);
        memcpy(out->server_key, server.public_key, sizeof server.public_key);
    }
    key_file_wipe(&own);
    return ok;
}

void client_keys_wipe(struct client_keys *keys)
{
    explicit_bzero(keys, sizeof *keys);
}
