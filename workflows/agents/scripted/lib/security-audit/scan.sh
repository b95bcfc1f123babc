# scan: applies rules.awk to every source file, in a copy of its own: the workspace is not set up yet.
copy=$(mktemp -d)
cp -r "$ROOM/tree/." "$copy"
files=$(find "$copy/src" -type f | wc -l | tr -d ' ')
findings=$(cd "$copy" && awk -f "$ROOM/rules.awk" src/*.sh)
rm -rf "$copy"
cat <<ANSWER
FILES_SCANNED: $files
FINDINGS:
$(printf '%s\n' "$findings" | sed 's/^/- /')
STATUS: done
ANSWER
