# triage: how bad it is. The script knows one bug only; it needs a report all the same.
[ -n "$(part report)" ] || give_up "the report is empty"
cat <<ANSWER
SEVERITY: medium
AFFECTED: src/price.sh
REPRODUCTION: . src/price.sh; with_tax 99 19 prints 117, and 118 is right
STATUS: done
ANSWER
