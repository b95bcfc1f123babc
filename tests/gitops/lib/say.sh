# What is checked, said as it is checked; what a failure shows; waiting for levels.

say() { printf '%s\n' "$*"; }
die() { printf 'error: %s\n' "$@" >&2; exit 1; }

# check WHAT CMD...: says it, and CMD must exit 0.
check() {
  local what=$1 started=${EPOCHREALTIME/./}
  shift
  current=$what
  "$@" || die "not so: $what"
  printf '  ok  %s (%d.%d s)\n' "$what" $(((${EPOCHREALTIME/./} - started) / 1000000)) $(((${EPOCHREALTIME/./} - started) / 100000 % 10))
}

# step TITLE FUNCTION
step() {
  local started=$EPOCHSECONDS
  say "== $1"
  current=$1
  "$2"
  say "   $((EPOCHSECONDS - started)) s"
}

equal() { [ "$1" = "$2" ] || { printf 'is:        %s\nshould be: %s\n' "$1" "$2" >&2; return 1; }; }

# until_true SECONDS CMD...
until_true() {
  local end=$((EPOCHSECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    ((EPOCHSECONDS < end)) || { printf 'waited in vain for: %s\n' "$*" >&2; return 1; }
    sleep 0.2
  done
}

# until_equal SECONDS VALUE CMD...: until CMD prints VALUE.
until_equal() {
  local seconds=$1 value=$2
  shift 2
  until_true "$seconds" prints "$value" "$@" || { printf 'it is: %s\n' "$("$@")" >&2; return 1; }
}
prints() { [ "$("${@:2}")" = "$1" ]; }

# Most useful last.
show_all() {
  local file
  printf '\n--- FAILED at: %s\n' "$current"
  for file in "$work"/log/*.log; do
    printf '\n--- the end of %s\n' "${file##*/}"
    tail -n 30 "$file" | cut -c1-600
  done
  printf '\n--- logs of the operator\n'
  kubectl logs -n "$home" -l app.kubernetes.io/component=operator --tail 20 2>&1 || true
  printf '\n--- what there is\n'
  kubectl get kustomizations,gitrepositories,applications -A -o wide 2>/dev/null || true
  kubectl get workflowruns,runrecords,workflowdecisions,jobs,pods -A 2>&1 || true
  printf '\n--- FAILED at: %s\n' "$current"
}
