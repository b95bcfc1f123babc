# report TEXT: writes a report and prints its path. Nobody else can have created the file before.
report() {
  file=$(mktemp /tmp/report.XXXXXX) || return 1
  printf '%s\n' "$1" >"$file"
  echo "$file"
}
