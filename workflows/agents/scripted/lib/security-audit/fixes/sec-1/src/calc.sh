# calc EXPRESSION: what it comes to. Digits, blanks and + - * / ( ) only: nothing else is worked out.
calc() {
  case $1 in
    '' | *[!0-9\ +*/\(\)-]*) return 1 ;;
  esac
  echo "$(($1))"
}
