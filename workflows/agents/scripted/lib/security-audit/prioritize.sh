# prioritize: the findings of the scan, worst first, each as a story for the fixer.
findings=$(part findings | sed -n 's/^- //p')
[ -n "$findings" ] || give_up "there are no findings to put into order"

stories=$(
  printf '%s\n' "$findings" | awk '{print ($2 == "high" ? 1 : 2) " " $0}' | sort -s -k 1,1n | awk '
    BEGIN {
      advice["eval-of-input"] = "A parameter is executed. Take only what is meant to be taken."
      advice["password-in-source"] = "A password is in the source. It must come from elsewhere; the owner of the program decides from where."
      advice["guessable-file"] = "A file in /tmp has a name that others can guess. Let the system choose it."
    }
    {
      split($4, at, ":")
      printf "%s  {\"id\": \"sec-%d\", \"title\": \"%s in %s\", \"description\": \"%s (%s, %s)\",\n", (NR > 1 ? ",\n" : ""), NR, $2, at[1], advice[$2], $3, $4
      printf "   \"acceptanceCriteria\": [\"The rule %s finds nothing in %s.\", \"All tests pass, and one of them is new.\"]}", $2, at[1]
    }'
)
cat <<ANSWER
SUMMARY: $(printf '%s\n' "$findings" | wc -l | tr -d ' ') findings, the worst first
STORIES_JSON:
[
$stories
]
STATUS: done
ANSWER
