#include "exporter/threads.h"

#include <assert.h>
#include <stddef.h>

struct threads threads_start(unsigned count, threads_function function, void *context)
{
    assert(count >= 1 && count <= THREADS_MAX);
    struct threads threads = {.count = 0};
    while (threads.count < count && pthread_create(&threads.ids[threads.count], NULL, function, context) == 0)
        threads.count++;
    if (!threads.count)
        function(context);
    return threads;
}

void threads_join(struct threads *threads)
{
    for (unsigned i = 0; i < threads->count; i++)
        pthread_join(threads->ids[i], NULL);
    threads->count = 0;
}
