/* Rows: validation and reading agree, and every row reads again from its own place. */
#include <assert.h>

#include "common/board.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint32_t row_count, rows = 0;
    const char *problem = NULL;
    struct board_reader reader;
    struct board_row row, again;
    const uint8_t *start;
    bool valid = board_validate(data, size, &row_count, &problem);
    assert(valid || problem);
    if (!board_reader_open(&reader, data, size))
        return 0;
    while (board_reader_next(&reader, &row, &start)) {
        bool read = board_row_read(start, data + size, reader.shared_count, &again);
        assert(read && again.position == row.position);
        rows++;
    }
    assert(!valid || rows == row_count);
    return 0;
}
