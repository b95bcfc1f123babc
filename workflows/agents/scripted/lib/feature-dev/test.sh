# test: all stories together.
. "$LIB/work.sh"
need_tree
failures=$(check_syntax; run_tests)
[ -z "$failures" ] || send_back FAILURES "$failures"
cat <<ANSWER
RESULTS: $(find tests -name '*_test.sh' | wc -l | tr -d ' ') test files pass
STATUS: done
ANSWER
