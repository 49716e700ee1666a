#include "tests/upstream/faults.h"

#include "tests/upstream/random.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    uint32_t argument;
    const char *unit;
    const char *meaning;
} MODES[FAULT_MODE_COUNT] = {
#define X(name, text, argument, unit, meaning) {text, argument, unit, meaning},
    FAULT_MODES(X)
#undef X
};

// Either for one combination (every == 0) or for each `every`-th.
struct rule {
    struct fault fault;
    uint32_t track_id, class_id;
    uint32_t every;
    uint32_t times; // how often each combination misbehaves; 0: always
    uint32_t *used; // by board for `every`, else one number; made when first needed
    char *text;     // owned copy of the specification, which the fault's host is part of
};

struct faults {
    struct rule *rules;
    size_t count;
};

static void *checked(void *memory)
{
    if (!memory) {
        fputs("r3e-upstream: out of memory\n", stderr);
        abort();
    }
    return memory;
}

struct faults *faults_new(void)
{
    return checked(calloc(1, sizeof(struct faults)));
}

void faults_free(struct faults *faults)
{
    for (size_t i = 0; i < faults->count; i++) {
        free(faults->rules[i].used);
        free(faults->rules[i].text);
    }
    free(faults->rules);
    free(faults);
}

// Reads a number at *text and moves behind it.
static bool take_number(char **text, uint32_t *number)
{
    if (**text < '0' || **text > '9')
        return false;
    errno = 0;
    unsigned long value = strtoul(*text, text, 10);
    *number = (uint32_t)value;
    return errno == 0 && value <= UINT32_MAX;
}

// Reads MODE[:ARG][*COUNT], the rest of a specification; cuts it up.
static bool parse_mode(struct rule *rule, char *text)
{
    char *star = strrchr(text, '*');
    if (star) {
        *star++ = '\0';
        if (!take_number(&star, &rule->times) || *star || rule->times == 0)
            return false;
    }
    char *argument = strchr(text, ':');
    if (argument)
        *argument++ = '\0';
    size_t mode = 0;
    while (mode < FAULT_MODE_COUNT && strcmp(MODES[mode].name, text) != 0)
        mode++;
    if (mode == FAULT_MODE_COUNT || (argument && !MODES[mode].unit))
        return false;
    rule->fault = (struct fault){.mode = (enum fault_mode)mode, .argument = MODES[mode].argument};
    if (!argument)
        return true;
    if (mode == FAULT_REDIRECT_OTHER) {
        rule->fault.host = argument;
        return *argument != '\0';
    }
    return take_number(&argument, &rule->fault.argument) && *argument == '\0';
}

static bool add_rule(
    struct faults *faults, struct rule *rule, bool parsed, const char *form, const char *specification)
{
    if (!parsed) {
        fprintf(stderr,
            "r3e-upstream: fault \"%s\": expected %s=MODE[:ARG][*COUNT] with one of the modes that --help "
            "lists\n",
            specification, form);
        free(rule->text);
        return false;
    }
    faults->rules = checked(reallocarray(faults->rules, faults->count + 1, sizeof *faults->rules));
    faults->rules[faults->count++] = *rule;
    return true;
}

bool faults_add(struct faults *faults, const char *specification)
{
    struct rule rule = {.text = checked(strdup(specification))};
    char *at = rule.text;
    bool parsed = take_number(&at, &rule.track_id) && *at++ == '-' && take_number(&at, &rule.class_id) &&
                  *at++ == '=' && parse_mode(&rule, at);
    return add_rule(faults, &rule, parsed, "TRACK-CLASS", specification);
}

bool faults_add_every(struct faults *faults, const char *specification)
{
    struct rule rule = {.text = checked(strdup(specification))};
    char *at = rule.text;
    bool parsed = take_number(&at, &rule.every) && rule.every > 0 && *at++ == '=' && parse_mode(&rule, at);
    return add_rule(faults, &rule, parsed, "N", specification);
}

bool faults_take(struct faults *faults, uint32_t track_id, uint32_t class_id, uint32_t board, size_t boards,
    uint64_t seed, struct fault *fault)
{
    enum { SALT_EVERY = 99 };
    for (size_t i = 0; i < faults->count; i++) {
        struct rule *rule = &faults->rules[i];
        uint64_t hash = random_derive(seed ^ ((uint64_t)track_id << 32 | class_id), SALT_EVERY + i);
        if (rule->every ? random_below(hash, rule->every) != 0
                        : rule->track_id != track_id || rule->class_id != class_id)
            continue;
        if (rule->times > 0) {
            if (!rule->used)
                rule->used = checked(calloc(rule->every ? boards : 1, sizeof *rule->used));
            uint32_t *used = &rule->used[rule->every ? board : 0];
            if (*used == rule->times)
                continue;
            ++*used;
        }
        *fault = rule->fault;
        return true;
    }
    return false;
}

void faults_print_modes(void)
{
    for (size_t i = 0; i < FAULT_MODE_COUNT; i++) {
        printf("  %-16s %s", MODES[i].name, MODES[i].meaning);
        if (MODES[i].unit && MODES[i].argument)
            printf(" (ARG: %s, default %u)", MODES[i].unit, MODES[i].argument);
        else if (MODES[i].unit)
            printf(" (ARG: %s)", MODES[i].unit);
        putchar('\n');
    }
}
