# known_user NAME: true if NAME may come in.
known_user() {
  case $1 in
    ada | grace) return 0 ;;
    *) return 1 ;;
  esac
}
