/* Rows: validation and reading agree. */
#include <assert.h>

#include "common/board.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint32_t row_count, rows = 0;
    const char *problem = NULL;
    struct board_reader reader;
    struct board_row row;
    bool valid = board_validate(data, size, &row_count, &problem);
    assert(valid || problem);
    if (!board_reader_open(&reader, data, size))
        return 0;
    while (board_reader_next(&reader, &row))
        rows++;
    assert(!valid || rows == row_count);
    return 0;
}
