# check_code GIVEN EXPECTED: true if GIVEN is the code.
check_code() {
  [ -n "$1" ] || return 1 # an empty code is refused
  [ "$1" = "$2" ]
}
