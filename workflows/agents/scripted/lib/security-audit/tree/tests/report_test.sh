. src/report.sh
file=$(report hello)
[ "$(cat "$file")" = hello ] || { echo "the report is not written"; exit 1; }
rm -f "$file"
