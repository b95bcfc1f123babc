# plan: three stories. The script knows only one feature, whatever the task says, but it requires a task.
[ -n "$(part task)" ] || give_up "the task is empty: there is nothing to plan"

cat <<'JSON'
SUMMARY: sign-in by one-time code, in three stories
STORIES_JSON:
[
  {"id": "story-1", "title": "Make a code", "description": "A function new_code makes six digits from a seed.",
   "acceptanceCriteria": ["The file src/code.sh exists.", "The test tests/code_test.sh passes."]},
  {"id": "story-2", "title": "Check a code", "description": "A function check_code compares what was typed with the code.",
   "acceptanceCriteria": ["The file src/check.sh exists.", "The file src/check.sh says: an empty code is refused", "The test tests/check_test.sh passes."]},
  {"id": "story-3", "title": "Lock after three wrong codes", "description": "A function locked says whether there were too many.",
   "acceptanceCriteria": ["The file src/lock.sh exists.", "The test tests/lock_test.sh passes."]}
]
STATUS: done
JSON
