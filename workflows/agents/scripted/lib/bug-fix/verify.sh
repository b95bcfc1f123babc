# verify: the bug is gone, and a regression test exists: one that fails on the original source.
. "$LIB/work.sh"
need_tree
issues=$(
  got=$(. src/price.sh && with_tax 99 19)
  [ "$got" = 118 ] || echo "- the bug is still there: with_tax 99 19 prints $got"
  run_tests
)
[ -z "$issues" ] || send_back ISSUES "$issues"
copy=$(mktemp -d)
cp -r tests "$copy/tests"
cp -r "$WORKSPACE/base/src" "$copy/src"
caught=$(cd "$copy" && run_tests)
rm -rf "$copy"
[ -n "$caught" ] || send_back ISSUES "- no test fails without the fix: add a regression test in tests/"
cat <<ANSWER
VERIFIED: the bug is gone, and without the fix: $(printf '%s' "${caught#- }" | one_line)
STATUS: done
ANSWER
