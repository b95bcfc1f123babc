. src/report.sh
one=$(report a) two=$(report b)
[ "$one" != "$two" ] || { echo "two reports in the same file"; exit 1; }
rm -f "$one" "$two"
