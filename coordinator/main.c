/* r3e-coordinator: decides what is due, hands out jobs, collects and keeps results, has them published. */
#include <stdio.h>

#include "common/catalogue.h"
#include "common/config.h"
#include "common/fault_point.h"
#include "common/log.h"
#include "coordinator/confine.h"
#include "coordinator/coordinator.h"
#include "coordinator/heap.h"
#include "coordinator/options.h"
#include "coordinator/settings.h"

enum { EXIT_DONE = 0, EXIT_WRONG = 2 };

static int print_example(void)
{
    struct config config;
    config_defaults(&config);
    config_print(&config, stdout);
    config_free(&config);
    return EXIT_DONE;
}

static int say_checked(const struct config *config, const struct catalogue *catalogue)
{
    printf("configuration is right; %s has %u tracks, %u classes, %u superclasses\n", config->catalogue.file,
        catalogue->tracks.count, catalogue->classes.count, catalogue->superclass_count);
    return EXIT_DONE;
}

static int run(const struct options *options)
{
    if (options->print_config && !options->config_path && !options->override_count)
        return print_example();
    struct settings settings;
    const struct config *config = &settings.config;
    int code = EXIT_WRONG;
    if (settings_load(&settings, options)) {
        if (options->print_config) {
            config_print(config, stdout);
            code = EXIT_DONE;
        } else if (options->check) {
            code = say_checked(config, &settings.catalogue);
        } else {
            log_open("r3e-coordinator", config->log.level, config->log.format);
            confine(config);
            code = coordinator_run(&settings, options->once);
        }
    }
    settings_free(&settings);
    return code;
}

int main(int argc, char **argv)
{
    struct options options;
    heap_settle(argv);
    fault_point_open("r3e-coordinator");
    enum options_outcome outcome = options_parse(&options, argc, argv);
    int code = outcome == OPTIONS_DONE ? EXIT_DONE : EXIT_WRONG;
    if (outcome == OPTIONS_RUN)
        code = run(&options);
    options_free(&options);
    return code;
}
