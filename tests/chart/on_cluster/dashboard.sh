# The dashboard as a person opens it: `mc dashboard` with the caller's own port-forward, and a token of a reader.

open_dashboard() {
  check "without one mc dashboard says how to turn it on" says_how_to_turn_on
  check "helm upgrade turns it on" helm_do upgrade "$release" "$newer" -n "$home" --reuse-values --wait --timeout 3m \
    --set dashboard.enabled=true
  check "the operator's two Pods are ready" deployed "$home" "$release"
  check "mc dashboard prints an address" forward
  check "who has no token gets the page to sign in" shows '' / 401 'Bearer token'
  check "a reader with a token of their own sees the run" reader_sees
  check "ten requests at once are answered" ten_at_once
  check "a user who may not connect learns which right is missing" says_missing_right
  check "Ctrl-C ends it, with exit code 0" interrupted
  check "nothing listens there afterwards" not_listening
}

says_how_to_turn_on() {
  ! mc dashboard --port 0 --no-browser >"$work/output" 2>&1 && grep -F 'dashboard.enabled=true' "$work/output" >/dev/null
}

# Sets dashboard (an address without a slash at its end) and forward_pid. A shell's child in the background would not
# hear Ctrl-C.
forward() {
  env --default-signal=INT "$MC" dashboard --port 0 --no-browser >"$work/address" 2>"$work/forward.log" &
  forward_pid=$!
  until_true 60 grep -E '^http://localhost:[0-9]+/$' "$work/address" || { cat "$work/forward.log" >&2; return 1; }
  dashboard=$(<"$work/address")
  dashboard=${dashboard%/}
}

# shows TOKEN PATH STATUS TEXT
shows() {
  local token=() status
  [ -z "$1" ] || token=(-H "Authorization: Bearer $1")
  status=$(curl -sS --max-time 60 -o "$work/page" -w '%{http_code}' "${token[@]}" "$dashboard$2") || return 1
  equal "$status" "$3" && { grep -F "$4" "$work/page" >/dev/null || { head -c 2000 "$work/page" >&2; return 1; }; }
}

reader_sees() {
  kubectl create serviceaccount reader -n "$home" >/dev/null
  kubectl create rolebinding reader -n "$home" --clusterrole="$release-viewer" --serviceaccount="$home:reader" >/dev/null
  reader_token=$(kubectl create token reader -n "$home" --duration 1h)
  until_true 60 shows "$reader_token" "/runs/$home/review" 200 'Succeeded'
}

ten_at_once() {
  local n pids=()
  for n in {1..10}; do
    curl -sS --max-time 60 -o "$work/page-$n" -H "Authorization: Bearer $reader_token" "$dashboard/runs" &
    pids+=($!)
  done
  for n in "${pids[@]}"; do wait "$n" || return 1; done
  for n in {1..10}; do grep -F '</html>' "$work/page-$n" >/dev/null || return 1; done
}

# The reader's token in a kubeconfig of its own: it may see runs, and connect with nothing.
says_missing_right() {
  kubectl config view --raw --minify --flatten -o json |
    jq --arg token "$reader_token" '.users[0].user = {token: $token}' >"$work/reader.kubeconfig"
  ! KUBECONFIG=$work/reader.kubeconfig mc dashboard --port 0 --no-browser >"$work/output" 2>&1 &&
    grep -F 'pods' "$work/output" >/dev/null
}

interrupted() {
  local status=0
  kill -INT "$forward_pid"
  wait "$forward_pid" || status=$?
  equal "$status" 0
}

not_listening() { ! curl -sS --max-time 5 -o /dev/null "$dashboard/" 2>/dev/null; }
