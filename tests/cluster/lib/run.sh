# run: a cluster for one command. It goes when the command ends, on Ctrl-C and on TERM; if this shell itself is killed,
# the kernel ends the cluster (start_space --with-me) and tells the command to end; the next `up` removes the folder.

run_verb() {
  local before=()
  while (($#)) && [ "$1" != -- ]; do before+=("$1"); shift; done
  (($# >= 2)) || die "run needs a command after --" "such as: tests/cluster/cluster run tests -- cargo test"
  shift
  if is_existing; then
    use_existing
    exec "$@"
  fi
  parse_options "${before[@]}"
  need_root
  lock_instance
  if is_healthy; then
    unlock_instance
    die "cluster '$NAME' is already running, and 'run' would take it down at its end" "use another NAME, or first: tests/cluster/cluster down $NAME"
  fi
  COMMAND=
  trap 'failed_start $?' EXIT
  trap 'end_run 130' INT
  trap 'end_run 143' TERM
  trap 'end_run 129' HUP
  bring_up --with-me
  trap 'end_run $?' EXIT
  export_env
  # In the background, so that a signal to us alone is heard at once; with its usual answer to Ctrl-C, which bash takes
  # away.
  env --default-signal=INT,QUIT setpriv --pdeathsig TERM "$@" <&0 9>&- &
  COMMAND=$!
  local status=0
  wait "$COMMAND" || status=$?
  COMMAND=
  end_run "$status"
}

end_run() {
  local status=$1
  trap - EXIT
  trap '' INT TERM HUP
  if [ -n "$COMMAND" ] && kill -TERM "$COMMAND" 2>/dev/null; then
    wait_until 20 "the command to end" command_ended || kill -KILL "$COMMAND" 2>/dev/null || true
  fi
  take_down
  rm -f "$LOCK"
  exit "$status"
}

command_ended() {
  local state
  state=$(sed -E 's/.*\) (.).*/\1/' "/proc/$COMMAND/stat" 2>/dev/null) || return 0
  [ "$state" = Z ]
}
