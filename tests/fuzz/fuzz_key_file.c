/* What stands in a key file: names, rights, keys. What was taken reads back to the same from what is written.
 */
#include <stdlib.h>
#include <string.h>

#include "common/key_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct key_file key, again;
    char problem[FILE_ERROR_SIZE] = "";
    if (!key_file_parse((struct text){(const char *)data, (uint32_t)size}, &key, problem)) {
        if (!problem[0] || key.name[0] || key.secret_key[0])
            abort();
        return 0;
    }
    struct buffer written = buffer_make(KEY_FILE_MAX);
    bool secret = key.secret_key[0] != '\0';
    key_file_format(&key, secret, &written);
    if (written.overflowed ||
        !key_file_parse(
            (struct text){(const char *)written.data, (uint32_t)written.length}, &again, problem) ||
        strcmp(key.name, again.name) != 0 || strcmp(key.public_key, again.public_key) != 0 ||
        strcmp(key.secret_key, again.secret_key) != 0 || key.rights != again.rights)
        abort();
    buffer_free(&written);
    return 0;
}
