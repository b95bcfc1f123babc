# may_enter PASSWORD: true for the right one, which is in the environment variable APP_PASSWORD. Without one nobody enters.
may_enter() {
  [ -n "${APP_PASSWORD:-}" ] || return 1
  [ "$1" = "$APP_PASSWORD" ]
}
