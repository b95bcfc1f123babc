# What the person at the terminal reads. Everything goes to stderr: stdout carries data only.

say() { printf '%s\n' "$*" >&2; }

# die WHAT [NEXT-STEP]
die() {
  printf 'error: %s\n' "$1" >&2
  [ $# -lt 2 ] || printf 'next:  %s\n' "$2" >&2
  exit 1
}

seconds() { printf '%s' "${EPOCHSECONDS}"; }

# wait_until SECONDS WHAT CMD...: polls a level with a bound.
wait_until() {
  local bound=$1 what=$2 end
  shift 2
  end=$((EPOCHSECONDS + bound))
  until "$@"; do
    ((EPOCHSECONDS < end)) || { say "waited $bound s for $what"; return 1; }
    sleep 0.1
  done
}
