# What a person or a script asks a cluster: env, list, logs, enter.

need_running() {
  instance_init >/dev/null && [ -e "$STATE/ready" ] ||
    die "cluster '$NAME' of this checkout does not run" "tests/cluster/cluster up $NAME"
}

kubectl_folder() { dirname "$(program kubectl)"; }

audit_log() { [ "$(option_of audit)" != yes ] || printf '%s\n' "$STATE/log/audit.log"; }

export_env() {
  export KUBECONFIG=$STATE/kubeconfig MISSION_CONTROL_CLUSTER=$NAME MISSION_CONTROL_AUDIT_LOG
  MISSION_CONTROL_AUDIT_LOG=$(audit_log)
  PATH=$(kubectl_folder):$PATH
  export PATH
}

env_verb() {
  if is_existing; then printf 'export KUBECONFIG=%q\n' "${KUBECONFIG:-$HOME/.kube/config}"; return; fi
  name_instance "${1:-}"
  need_running
  # shellcheck disable=SC2016
  printf 'export KUBECONFIG=%q\nexport MISSION_CONTROL_CLUSTER=%q\nexport PATH=%q:"$PATH"\nexport MISSION_CONTROL_AUDIT_LOG=%q\n' \
    "$STATE/kubeconfig" "$NAME" "$(kubectl_folder)" "$(audit_log)"
}

list_verb() {
  local name state
  for name in $(instances); do
    name_instance "$name"
    state=crashed
    if instance_init >/dev/null; then
      state=starting
      [ ! -e "$STATE/ready" ] || state=running
    fi
    printf '%-20s %-9s %s\n' "$name" "$state" "$(cat "$STATE/options" 2>/dev/null || true)"
  done
}

logs_verb() {
  name_instance "${1:-}"
  local folder=$STATE/log
  [ -d "$folder" ] || folder=$STATE.failed
  [ -d "$folder" ] || die "cluster '$NAME' of this checkout has no logs" "tests/cluster/cluster up $NAME"
  if [ -n "${2:-}" ]; then
    [ -f "$folder/$2.log" ] || die "there is no log of '$2'" "there are: $(cd "$folder" && echo *.log)"
    cat "$folder/$2.log"
  else
    ls -l "$folder"/*.log | awk '{print $5 "\t" $NF}'
  fi
}

enter_verb() {
  name_instance "${1:-}"
  shift
  [ "${1:-}" != -- ] || shift
  need_running
  (($#)) || set -- bash
  enter_space "$@"
}
