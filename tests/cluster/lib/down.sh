# down: everything of an instance goes: processes at once, then what no process takes along.

down_verb() {
  if is_existing; then say "an existing cluster is yours: nothing to take down"; return; fi
  need_root
  case ${1:-} in
    '') die "which cluster? a NAME is missing" "such as: tests/cluster/cluster down demo, or: down --all" ;;
    --all)
      local name
      for name in $(instances); do down_one "$name"; done
      rm -rf "${STATE_ROOT:?}/$CHECKOUT_ID"/*.failed
      rmdir "$STATE_ROOT/$CHECKOUT_ID" 2>/dev/null || true ;;
    *) down_one "$1" ;;
  esac
}

down_one() {
  name_instance "$1"
  lock_instance
  take_down
  rm -rf "$STATE.failed"
  rm -f "$LOCK"
  unlock_instance
  say "cluster '$NAME' is gone"
}

take_down() {
  stop_space
  clear_remains
}

# The names that this checkout has folders for, running or crashed.
instances() {
  local folder
  for folder in "$STATE_ROOT/$CHECKOUT_ID"/*/; do
    [ -d "$folder" ] || continue
    folder=${folder%/}
    [[ $folder == *.failed ]] || printf '%s\n' "${folder##*/}"
  done
}
