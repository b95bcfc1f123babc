# implement: the code and the test of one story. It first forgets a line of story-2, and adds it when the verifier
# asks for it.
. "$LIB/work.sh"
need_tree
feedback=$(part feedback)

case ${MISSION_ITEM:-} in
  story-[123]) stories=$MISSION_ITEM ;;
  rework-*)
    # Sent back by a later step: copy every story again that has a file that the feedback names.
    [ -n "$feedback" ] || feedback=$(part story)
    stories=$(for story in story-1 story-2 story-3; do
      for file in "$ROOM/stories/$story"/*/*; do
        case $feedback in *"${file##*/}"*) echo "$story" && break ;; esac
      done
    done)
    [ -n "$stories" ] || give_up "the feedback names no file that a story made"
    ;;
  *) give_up "there is no story '${MISSION_ITEM:-}'; this script knows story-1 to story-3" ;;
esac

for story in $stories; do cp -r "$ROOM/stories/$story/." .; done
if [ "$stories" = story-2 ] && [ -z "$feedback" ]; then
  sed '/an empty code is refused/d' "$ROOM/stories/story-2/src/check.sh" >src/check.sh
fi

cat <<ANSWER
CHANGES:
$(changed | sed 's/^/- /')
TESTS: $(find tests -name '*_test.sh' | wc -l | tr -d ' ') files
STATUS: done
ANSWER
