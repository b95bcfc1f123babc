# How the four agents read what they were given and speak their answer. Sourced by each of them; POSIX sh, busybox is enough.
# The prompt is in MISSION_INPUT; its parts stand between lines <name> and </name>. No line of a unified diff begins with '<'.

ROOM=${CODE_REVIEW_LIB:-/usr/local/lib/code-review}

# part NAME: the lines between <NAME> and </NAME>, the first such part.
part() {
  printf '%s\n' "$MISSION_INPUT" | awk -v open="<$1>" -v close_="</$1>" '
    $0 == close_ && inside { exit }
    inside { print }
    $0 == open { inside = 1 }'
}

# key NAME TEXT: the value of the last line "NAME: value" of TEXT.
key() { printf '%s\n' "$2" | sed -n "s/^$1: *//p" | tail -n 1; }

give_up() {
  printf 'REASON: %s\nSTATUS: failed\n' "$1"
  exit 0
}

[ -n "${MISSION_INPUT:-}" ] || give_up "MISSION_INPUT is empty: there is nothing to read"
