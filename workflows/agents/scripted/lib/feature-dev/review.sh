# review: reads the patch as a whole. It sends back code without a test and unfinished marks.
. "$LIB/work.sh"
need_tree
patch=$WORKSPACE/change.patch
[ -s "$patch" ] || give_up "there is no patch to review: $patch"
feedback=$(
  sed -n 's|^+++ b/src/\(.*\)\.sh$|\1|p' "$patch" | while IFS= read -r name; do
    grep -q "^+++ b/tests/${name}_test.sh$" "$patch" || echo "- src/$name.sh comes without tests/${name}_test.sh"
  done
  grep -nE '^\+.*(TODO|FIXME)' "$patch" | sed 's/:.*//; s/^/- unfinished: line /; s/$/ of the patch/' || true
)
[ -z "$feedback" ] || send_back FEEDBACK "$feedback"
cat <<ANSWER
SUMMARY: $(grep -c '^diff --git ' "$patch") files, $(grep -c '^+[^+]' "$patch") lines added, each source file with its test
STATUS: done
ANSWER
