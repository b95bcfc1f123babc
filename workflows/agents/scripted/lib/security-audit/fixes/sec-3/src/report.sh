# report TEXT: writes a report and says where it is. Nobody else can have made the file before.
report() {
  file=$(mktemp /tmp/report.XXXXXX) || return 1
  printf '%s\n' "$1" >"$file"
  echo "$file"
}
