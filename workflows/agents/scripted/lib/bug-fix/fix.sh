# fix: fixes the code. It adds the regression test only when the verifier asks for it.
. "$LIB/work.sh"
need_tree
[ -n "$(part root_cause)" ] || give_up "nobody says what the cause is"
cp -r "$ROOM/fixed/src/." src
[ -z "$(part feedback)" ] || cp -r "$ROOM/fixed/tests/." tests
failures=$(run_tests)
[ -z "$failures" ] || give_up "the tests fail after the fix: $(printf '%s' "$failures" | one_line)"
cat <<ANSWER
CHANGES:
$(changed | sed 's/^/- /')
STATUS: done
ANSWER
