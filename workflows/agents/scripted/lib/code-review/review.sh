# review: counts what the change does, and lists findings. At first it counts carelessly and takes the heads of files
# for changes; when the verifier sends the review back, it counts hunk by hunk.
facts=$(part diff | awk -f "$ROOM/facts.awk")
count() { printf '%s\n' "$facts" | sed -n "s/^count $1 //p"; }
notes() { printf '%s\n' "$facts" | sed -n "s/^note $1 /- $2 /p" | head -n 20; }

[ "$(count files)" -gt 0 ] || give_up "there is no unified diff (git diff) to review"

if [ -n "$(part feedback)" ]; then
  added=$(count added) removed=$(count removed)
else
  added=$(part diff | grep -c '^+' || true) removed=$(part diff | grep -c '^-' || true)
fi

findings=$(
  notes secrets "looks like a secret:"
  notes todos "unfinished, marked TODO or FIXME:"
  if [ "$(count code)" -gt 0 ] && [ "$(count tests)" -eq 0 ]; then
    echo "- $(count code) files of code change and no test does"
  fi
  [ "$(count binary)" -eq 0 ] || echo "- $(count binary) binary files cannot be reviewed as text"
)

cat <<ANSWER
FILES_TOUCHED: $(count files)
LINES_ADDED: $added
LINES_REMOVED: $removed
CODE_FILES: $(count code)
TESTS_TOUCHED: $(count tests)
TODOS_ADDED: $(count todos)
SECRETS_ADDED: $(count secrets)
FINDINGS:
${findings:-- nothing to stop at}
STATUS: done
ANSWER
