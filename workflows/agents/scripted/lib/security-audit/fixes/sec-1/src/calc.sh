# calc EXPRESSION: the value of the expression. Digits, spaces and + - * / ( ) only: anything else is refused.
calc() {
  case $1 in
    '' | *[!0-9\ +*/\(\)-]*) return 1 ;;
  esac
  echo "$(($1))"
}
