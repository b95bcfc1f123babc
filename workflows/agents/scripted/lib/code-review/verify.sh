# verify: counts again, differently from the reviewer, and compares. It trusts the change, not the review.
review=$(part review)
[ -n "$review" ] || give_up "there is no review to verify"

# Drops the lines between a file's header and its first hunk, and the hunk headers. Of the rest, changed lines begin
# with + or -.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
part diff | sed -n '/^diff --git /,$p' >"$work/diff"
sed -e '/^diff --git /,/^@@ /d' -e '/^@@ /d' "$work/diff" >"$work/body"
number() { grep -c "$1" "$2" || true; }

compare() { # compare KEY COUNTED: a line, with a leading "!" if the review differs
  said=$(key "$1" "$review")
  if [ "$said" = "$2" ]; then echo "- $1 is $2"; else echo "! $1 is $2 and the review says '$said'"; fi
}
checked=$(
  compare FILES_TOUCHED "$(number '^diff --git ' "$work/diff")"
  compare LINES_ADDED "$(number '^+' "$work/body")"
  compare LINES_REMOVED "$(number '^-' "$work/body")"
  compare TODOS_ADDED "$(grep '^+' "$work/body" | grep -cwE 'TODO|FIXME|XXX' || true)"
)
issues=$(printf '%s\n' "$checked" | sed -n 's/^! /- /p')
[ -z "$issues" ] || send_back ISSUES "$issues"

cat <<ANSWER
MISMATCHES: 0
CHECKED:
$checked
STATUS: done
ANSWER
