# Programs beside the cluster: in its namespaces, so that they have a loopback of their own, and end with it.

# daemon NAME CMD...
daemon() {
  local program=$1
  shift
  rm -f "$work/$program.pid"
  # shellcheck disable=SC2016
  "$cluster" enter "$name" -- bash -c 'echo $$ >"$0" && exec "$@"' "$work/$program.pid" "$@" >>"$work/log/$program.log" 2>&1 &
  disown $!
  until_true 20 test -s "$work/$program.pid"
}

# stop_daemon NAME: with TERM, and it is gone when this returns.
stop_daemon() {
  local pid
  pid=$(cat "$work/$1.pid")
  "$cluster" enter "$name" -- bash -c "kill $pid"
  until_true 60 ended_daemon "$pid"
}
ended_daemon() { ! "$cluster" enter "$name" -- bash -c "kill -0 $1"; }
