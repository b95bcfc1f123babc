# The source code of the scripts: $WORKSPACE/repo is the working tree, $WORKSPACE/base its original state.

# start_tree: creates the source tree of the workflow's story. A second attempt starts from the beginning.
start_tree() {
  rm -rf "$WORKSPACE/repo" "$WORKSPACE/base" "$WORKSPACE/change.patch"
  cp -r "$ROOM/tree" "$WORKSPACE/repo"
  cp -r "$ROOM/tree" "$WORKSPACE/base"
}

# need_tree: changes into the tree, or gives up.
need_tree() {
  if [ ! -d "$WORKSPACE/repo" ] || [ ! -d "$WORKSPACE/base" ]; then
    give_up "there is no source tree in $WORKSPACE: setup has not run"
  fi
  cd "$WORKSPACE/repo" || exit
}

# run_tests [FILE...]: the failures, one per line, each after "- "; nothing if all tests pass. Without a FILE: all
# tests.
run_tests() {
  [ $# -gt 0 ] || set -- tests/*_test.sh
  for test in "$@"; do
    said=$(sh "$test" 2>&1 </dev/null) || echo "- $test fails: $(printf '%s' "$said" | one_line)"
  done
}

# check_syntax: source files with syntax errors.
check_syntax() {
  for file in src/*.sh; do
    sh -n "$file" 2>/dev/null || echo "- $file is no shell script"
  done
}

# changed: the files of the tree that differ from the base.
changed() {
  find . -type f | sed 's|^\./||' | sort | while IFS= read -r file; do
    cmp -s "$file" "$WORKSPACE/base/$file" || echo "$file"
  done
}

# write_patch: writes the whole change to $WORKSPACE/change.patch, and tests it on a copy of the base.
write_patch() {
  changed | while IFS= read -r file; do
    old=$WORKSPACE/base/$file
    [ -e "$old" ] || old=/dev/null
    awk -v path="$file" -f "$LIB/patch.awk" "$old" "$file"
  done >"$WORKSPACE/change.patch"
  [ -s "$WORKSPACE/change.patch" ] || give_up "nothing was changed: there is nothing to propose"
  copy=$(mktemp -d)
  cp -r "$WORKSPACE/base/." "$copy"
  (cd "$copy" && patch -p1 <"$WORKSPACE/change.patch" >/dev/null) || give_up "the patch does not fit onto the base"
  wrong=$(changed | while IFS= read -r file; do cmp -s "$file" "$copy/$file" || echo "$file"; done)
  rm -rf "$copy"
  [ -z "$wrong" ] || give_up "the patch does not lead to the work that was done: $(printf '%s' "$wrong" | one_line)"
}

# propose TITLE: the answer of a forge. There is none here: the number is derived from the patch.
propose() {
  need_tree
  write_patch
  number=1$(sha256sum <"$WORKSPACE/change.patch" | tr -dc 0-9 | cut -c 1-2)
  printf 'PR_URL: %s/pulls/%s\n' "$(fact Repository)" "$number"
  printf 'PR_TITLE: %s\n' "$(printf '%s' "$1" | one_line)"
  printf 'CHANGES:\n%s\n' "$(changed | sed 's/^/- /')"
  printf 'STATUS: done\n'
}
