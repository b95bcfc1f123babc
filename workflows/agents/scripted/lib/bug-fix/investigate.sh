# investigate: reproduces the bug in a copy of its own: the workspace is not set up yet.
copy=$(mktemp -d)
cp -r "$ROOM/tree/." "$copy"
seen=$(cd "$copy" && . src/price.sh && with_tax 99 19)
rm -rf "$copy"
[ "$seen" = 117 ] || give_up "the bug does not show: with_tax 99 19 prints $seen"
cat <<ANSWER
ROOT_CAUSE: src/price.sh divides whole numbers and so rounds down: 99 and 19 % is 117.81 and becomes $seen
FIX_APPROACH: add 50 before the division by 100 in src/price.sh, and a test with a price whose tax is not whole
STATUS: done
ANSWER
