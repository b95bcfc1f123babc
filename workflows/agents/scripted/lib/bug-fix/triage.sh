# triage: the severity of the bug. The script knows only one bug, but it requires a report.
[ -n "$(part report)" ] || give_up "the report is empty"
cat <<ANSWER
SEVERITY: medium
AFFECTED: src/price.sh
REPRODUCTION: . src/price.sh; with_tax 99 19 prints 117, and 118 is right
STATUS: done
ANSWER
