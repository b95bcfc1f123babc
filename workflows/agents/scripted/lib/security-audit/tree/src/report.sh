# report TEXT: writes a report and says where it is.
report() {
  file=/tmp/report.$$
  printf '%s\n' "$1" >"$file"
  echo "$file"
}
