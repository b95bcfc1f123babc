# new_code SEED: six digits that follow from the seed.
new_code() {
  [ -n "$1" ] || return 1
  printf '%s' "$1" | sha256sum | tr -dc 0-9 | cut -c 1-6
}
