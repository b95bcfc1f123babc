# intake: describes the change, so that the reviewer knows where to look. It answers in the termination message.
facts=$(part diff | awk -f "$ROOM/facts.awk")
count() { printf '%s\n' "$facts" | sed -n "s/^count $1 //p"; }

[ "$(count files)" -gt 0 ] || give_up "there is no unified diff (git diff) to review"

size=small
[ $(($(count added) + $(count removed))) -le 60 ] || size=medium
[ $(($(count added) + $(count removed))) -le 400 ] || size=large
area=$(printf '%s\n' "$facts" | sed -n 's/^note files //p' | awk -F/ '{a[NF > 1 ? $1 "/" : "top level"]++} END {for (x in a) print a[x] "\t" x}' |
  sort -rn | head -n 3 | cut -f 2 | tr '\n' ' ')

echo "intake: read $(count files) files of a $size change" # for the log; the answer goes to the termination message
cat >"${TERMINATION_LOG:-/dev/termination-log}" <<ANSWER
SIZE: $size
FILES_TOUCHED: $(count files)
CODE_FILES: $(count code)
MOSTLY_IN: ${area% }
FILE_LIST:
$(printf '%s\n' "$facts" | sed -n 's/^note files /- /p' | cut -c 1-80 | head -n 40)
STATUS: done
ANSWER
