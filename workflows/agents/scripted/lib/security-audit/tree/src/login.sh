# may_enter PASSWORD: true for the right one.
may_enter() {
  PASSWORD="open-sesame"
  [ "$1" = "$PASSWORD" ]
}
