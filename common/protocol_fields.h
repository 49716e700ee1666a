#ifndef R3E_COMMON_PROTOCOL_FIELDS_H
#define R3E_COMMON_PROTOCOL_FIELDS_H
/* The tables that protocol.c encodes by and protocol_decode.c decodes by; nobody else includes this. */
#include "common/protocol.h"

#define SAFE_INTEGER_MAX    ((uint64_t)1 << 53) /* what a JSON number carries without loss */
#define PROTOCOL_FIELDS_MAX 64                  /* of one message */

enum field_kind { FIELD_UINT, FIELD_BOOL, FIELD_TEXT, FIELD_ENUM, FIELD_LEASES };

struct protocol_field {
    const char *name;
    enum field_kind kind;
    size_t offset;     /* in struct message */
    uint64_t min, max; /* UINT: range; TEXT: fewest bytes, and size of the array with its terminator */
    const char *const *strings; /* ENUM */
    size_t string_count;
};

struct protocol_layout {
    const struct protocol_field *fields;
    size_t count;
};

extern const struct protocol_layout protocol_layouts[MESSAGE_TYPES];
extern const char *const protocol_type_strings[MESSAGE_TYPES];

#endif
