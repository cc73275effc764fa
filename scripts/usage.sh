# Sourced first by every script here: `--help` prints the comment at the script's head, and nothing runs.

usage() { sed -n '2,${/^#/!q;s/^# \{0,1\}//p;}' "$0"; }

# For arguments that the head does not name.
misused() {
    usage >&2
    exit 2
}

case "${1-}" in
-h | --help)
    usage
    exit 0
    ;;
esac
