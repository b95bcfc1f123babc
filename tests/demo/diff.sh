# The diff under review: the file DIFF, else this repository's newest commit whose diff fits into a step's input.

readonly DIFF_LIMIT=61440 # 60 KiB: a step's whole input is at most 96 KiB, and the prompt and the review need room

choose_diff() {
  local commit
  if [ -n "${DIFF:-}" ]; then
    [ -r "$DIFF" ] || die "cannot read DIFF=$DIFF"
    say "diff: $DIFF"
    only_diff <"$DIFF" | fitting_files
    return
  fi
  if ! git rev-parse --verify --quiet HEAD >/dev/null; then
    say "diff: workflows/agents/scripted/lib/code-review/sample.diff (this folder is no git repository)"
    cat workflows/agents/scripted/lib/code-review/sample.diff
    return
  fi
  for commit in $(git rev-list --no-merges --max-count=50 HEAD); do
    show_commit "$commit" >"$WORK/candidate"
    if [ -s "$WORK/candidate" ] && (($(wc -c <"$WORK/candidate") <= DIFF_LIMIT)); then
      say "diff: $(git log -1 --format='commit %h "%s"' "$commit")$([ "$commit" = "$(git rev-parse HEAD)" ] || echo ', the newest whose diff fits into 60 KiB')"
      cat "$WORK/candidate"
      return
    fi
  done
  commit=$(git rev-list --no-merges --max-count=1 HEAD)
  say "diff: $(git log -1 --format='commit %h "%s"' "$commit"), as many files of it as fit into 60 KiB"
  show_commit "$commit" | fitting_files
}

show_commit() { git show --format= --no-color --no-ext-diff --no-textconv "$1"; }

# A mail from git format-patch has a head and a signature around its diff.
only_diff() { sed -n '/^diff --git /,$p' | sed '/^-- $/,$d'; }

# Whole files only, as many as fit: half a file would be a wrong diff.
fitting_files() {
  LC_ALL=C awk -v limit="$DIFF_LIMIT" '
    function flush() {
      if (size + length(file) <= limit) { printf "%s", file; size += length(file) } else left++
      file = ""
    }
    /^diff --git / { flush() }
    { file = file $0 "\n" }
    END { flush(); if (left) print left " files left out: the diff is larger than 60 KiB" > "/dev/stderr" }'
}
