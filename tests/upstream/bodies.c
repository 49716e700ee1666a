#include "tests/upstream/bodies.h"

enum { SPARE_SIZE_MAX = 1 << 21 }; // a full page fits

struct text bodies_take(struct bodies *bodies)
{
    if (bodies->count == 0)
        return (struct text){0};
    struct text body = bodies->spare[--bodies->count];
    body.length = 0;
    return body;
}

void bodies_give(struct bodies *bodies, struct text *body)
{
    if (body->data && bodies->count < BODIES_MAX && body->capacity <= SPARE_SIZE_MAX) {
        bodies->spare[bodies->count++] = *body;
        *body = (struct text){0};
    } else {
        text_free(body);
    }
}

void bodies_free(struct bodies *bodies)
{
    while (bodies->count > 0)
        text_free(&bodies->spare[--bodies->count]);
}
