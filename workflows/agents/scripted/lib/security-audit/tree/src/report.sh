# report TEXT: writes a report and prints its path.
report() {
  file=/tmp/report.$$
  printf '%s\n' "$1" >"$file"
  echo "$file"
}
