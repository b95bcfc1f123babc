# How the scripts read their input and print their answer. Sourced by bin/agent; POSIX sh, busybox is enough. The
# prompt is in MISSION_INPUT. Its parts are between the lines "--- begin NAME UID ---" and "--- end NAME UID ---". The
# UID is that of the run, so that no text from outside can end its own part.

# part NAME: the lines of the first part with that name; nothing if there is none.
part() {
  printf '%s\n' "$MISSION_INPUT" | awk -v name="$1" '
    inside && $0 == last { exit }
    inside { print }
    !inside && NF == 5 && $1 == "---" && $2 == "begin" && $3 == name && $5 == "---" {
      inside = 1
      last = "--- end " name " " $4 " ---"
    }'
}

# fact NAME: the value of the line "NAME: value" outside all parts, such as "Repository: https://…".
fact() {
  printf '%s\n' "$MISSION_INPUT" | awk -v name="$1: " '
    /^--- begin / { last = $0; sub(/begin/, "end", last) }
    last == "" && index($0, name) == 1 { print substr($0, length(name) + 1); exit }
    $0 == last { last = "" }'
}

# key NAME TEXT: the value of the last line "NAME: value" of TEXT.
key() { printf '%s\n' "$2" | sed -n "s/^$1: *//p" | tail -n 1; }

give_up() {
  printf 'REASON: %s\nSTATUS: failed\n' "$1"
  exit 0
}

# send_back KEY TEXT: sends the checked work back, with the reason.
send_back() {
  printf '%s:\n%s\nSTATUS: retry\n' "$1" "$2"
  exit 0
}

# one_line: stdin as one line, short enough for a table.
one_line() { tr '\n' ' ' | tr -s ' ' | cut -c 1-120 | sed 's/ *$//'; }

[ -n "${MISSION_INPUT:-}" ] || give_up "MISSION_INPUT is empty: there is nothing to read"
