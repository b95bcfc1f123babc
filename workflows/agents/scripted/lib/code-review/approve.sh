# approve: decides by the verified facts alone, with four rules; the first match wins.
review=$(part review)
verify=$(part verify)
for name in FILES_TOUCHED LINES_ADDED LINES_REMOVED CODE_FILES TESTS_TOUCHED TODOS_ADDED SECRETS_ADDED; do
  case $(key $name "$review") in '' | *[!0-9]*) give_up "the review has no number $name" ;; esac
done
case $(key MISMATCHES "$verify") in '' | *[!0-9]*) give_up "the verification has no number MISMATCHES" ;; esac

files=$(key FILES_TOUCHED "$review") added=$(key LINES_ADDED "$review") removed=$(key LINES_REMOVED "$review")
code=$(key CODE_FILES "$review") tests=$(key TESTS_TOUCHED "$review")
todos=$(key TODOS_ADDED "$review") secrets=$(key SECRETS_ADDED "$review") mismatches=$(key MISMATCHES "$verify")

if [ "$mismatches" -gt 0 ]; then
  decision=changes-requested reason="rule 1: the review did not stand up to verification (counts that differ: $mismatches)"
elif [ "$secrets" -gt 0 ]; then
  decision=changes-requested reason="rule 1: added lines that look like secrets: $secrets; take them out and rotate them"
elif [ "$todos" -gt 0 ]; then
  decision=comment reason="rule 2: added lines marked TODO or FIXME: $todos; finish them or file them"
elif [ "$code" -gt 0 ] && [ "$tests" -eq 0 ] && [ "$added" -gt 50 ]; then
  decision=comment reason="rule 3: $added lines are added, code changes and no test does"
else
  decision=approve reason="rule 4: no secrets, nothing unfinished, and tests change where much code does"
fi

cat <<ANSWER
DECISION: $decision
REASON: $reason
SUMMARY: $files files, $added lines added, $removed removed
STATUS: done
ANSWER
