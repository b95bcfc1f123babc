# verify: the rule of the finding no longer matches in its file, and the tests pass.
. "$LIB/work.sh"
need_tree
story=$(part story)
[ -n "$story" ] || give_up "there is no finding to verify"
issues=$(
  printf '%s\n' "$story" | sed -n 's/^ *[0-9][0-9]*\. The rule \([a-z-]*\) finds nothing in \(src\/[a-z_]*\.sh\)\.$/\1 \2/p' |
    while read -r rule file; do
      awk -f "$ROOM/rules.awk" "$file" | sed -n "s/^$rule [a-z]* \(.*\)$/- $rule is still there: \1/p"
    done
  run_tests
  [ -n "$(changed | grep '^tests/' || true)" ] || echo "- no test is new"
)
[ -z "$issues" ] || send_back ISSUES "$issues"
cat <<ANSWER
VERIFIED: the rule finds nothing any more, and all tests pass
STATUS: done
ANSWER
