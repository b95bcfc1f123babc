# setup: the source tree, and whether it is healthy apart from the bug.
. "$LIB/work.sh"
start_tree
need_tree
failures=$(run_tests)
[ -z "$failures" ] || give_up "the tests fail before anything was changed: $(printf '%s' "$failures" | one_line)"
cat <<ANSWER
BRANCH: $(fact Branch)
TEST_CMD: for t in tests/*_test.sh; do sh "\$t" || exit 1; done
STATUS: done
ANSWER
