# fix: fixes one finding. An agent must not decide where the password of sec-2 comes from: that fix waits for a
# person's feedback.
. "$LIB/work.sh"
need_tree
case ${MISSION_ITEM:-} in
  sec-[123]) findings=$MISSION_ITEM ;;
  rework-*) findings='sec-1 sec-2 sec-3' ;; # sent back by the tests: copy all fixes again, they are whole files
  *) give_up "there is no finding '${MISSION_ITEM:-}'; this script knows sec-1 to sec-3" ;;
esac
if [ "$findings" = sec-2 ] && [ -z "$(part human_feedback)" ]; then
  give_up "the password must leave the source, and nobody has said where the program is to get it from"
fi
for finding in $findings; do cp -r "$ROOM/fixes/$finding/." .; done
cat <<ANSWER
CHANGES:
$(changed | sed 's/^/- /')
STATUS: done
ANSWER
