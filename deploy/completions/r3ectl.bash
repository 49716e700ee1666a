# bash completion of r3ectl: commands, their options, files and kinds of events.
# Installed as /usr/share/bash-completion/completions/r3ectl, or sourced.

# Options of a command.
_r3ectl_options() {
    local where="--config --connect --key --server-key --json --help"
    case $1 in
    status) echo "$where" ;;
    watch) echo "--config --connect --key --server-key --control --line --until-done --help" ;;
    events) echo "$where --follow --kind" ;;
    workers) echo "$where" ;;
    failed) echo "$where" ;;
    board) echo "$where" ;;
    why) echo "$where" ;;
    refresh) echo "$where --all --failed" ;;
    pause) echo "$where --for --reason" ;;
    resume) echo "$where" ;;
    export) echo "$where --wait" ;;
    release) echo "$where --all" ;;
    drain) echo "$where" ;;
    search) echo "--public --limit --drivers --json --help" ;;
    names) echo "$where" ;;
    metrics) echo "--config --connect --key --server-key --prometheus --help" ;;
    catalogue) echo "--output --dry-run --help" ;;
    check) echo "--config --store --json --help" ;;
    backup) echo "--config --store --help" ;;
    keygen) echo "--rights --directory --force --help" ;;
    *) echo "--config --connect --key --server-key --help --version" ;;
    esac
}

_r3ectl() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command= i
    # The command is the first word that is no option, nor an option's argument.
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        -c | --config | --connect | --key | --server-key) i=$((i + 1)) ;;
        -*) ;;
        *)
            command=${COMP_WORDS[i]}
            break
            ;;
        esac
    done
    COMPREPLY=()
    case $before in
    -c | --config | --key | --server-key | -o | --output)
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        return
        ;;
    -s | --store | --public | --directory)
        mapfile -t COMPREPLY < <(compgen -d -- "$word")
        return
        ;;
    --connect | --control | --for | --reason | --limit | --drivers) return ;;
    --rights)
        mapfile -t COMPREPLY < <(compgen -W "worker monitor operator" -- "$word")
        return
        ;;
    -k | --kind)
        mapfile -t COMPREPLY < <(compgen -W "state worker_joined worker_left worker_died lease_expired \
            board_stored board_aside board_failed board_given_up \
            quarantined hold_begun hold_ended export_begun export_done export_failed refresh_begun refresh_ended command" -- "$word")
        return
        ;;
    esac
    if [ -z "$command" ] && [[ $word != -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "status watch events workers failed board why refresh \
            pause resume export release drain \
            search names metrics catalogue check backup keygen" -- "$word")
    elif [ "$command" = catalogue ] && [ "$before" = catalogue ]; then
        mapfile -t COMPREPLY < <(compgen -W "import" -- "$word")
    elif [ "$command" = catalogue ] && [[ $word != -* ]]; then
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
    elif [[ $word == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_r3ectl_options "$command")" -- "$word")
    fi
}

complete -o filenames -F _r3ectl r3ectl
