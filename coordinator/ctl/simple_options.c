#include "coordinator/ctl/simple_options.h"

#include <getopt.h>
#include <stddef.h>

int simple_options_parse(struct simple_options *options, const char *name, const struct ctl_globals *globals,
    int argc, char **argv, int fewest, int most, const char *wanted)
{
    static const struct option long_options[] = {
        CTL_WHERE_OPTIONS,
        {"json", no_argument, NULL, 'j'},
        {NULL, 0, NULL, 0},
    };
    *options = (struct simple_options){.where = *globals};
    int option;
    while ((option = getopt_long(argc, argv, "c:j", long_options, NULL)) != -1) {
        if (ctl_take_where(&options->where, option, optarg))
            continue;
        if (option == 'j')
            options->json = true;
        else
            return ctl_wrong_usage(name, "unknown option or missing argument");
    }
    options->word_count = argc - optind;
    options->words = argv + optind;
    if (options->word_count > most)
        return ctl_wrong_usage(name, "\"%s\" is too much%s%s", options->words[most],
            most ? "; it takes " : "", most ? wanted : "");
    if (options->word_count < fewest)
        return ctl_wrong_usage(name, "name %s", wanted);
    return CTL_DONE;
}
