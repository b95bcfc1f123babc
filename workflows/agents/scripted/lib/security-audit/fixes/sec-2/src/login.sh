# may_enter PASSWORD: true for the password in the environment variable APP_PASSWORD. If that is empty, nobody may
# enter.
may_enter() {
  [ -n "${APP_PASSWORD:-}" ] || return 1
  [ "$1" = "$APP_PASSWORD" ]
}
