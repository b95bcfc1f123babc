. src/code.sh
code=$(new_code seed)
case $code in
  [0-9][0-9][0-9][0-9][0-9][0-9]) ;;
  *) echo "not six digits: $code"; exit 1 ;;
esac
[ "$code" = "$(new_code seed)" ] || { echo "the same seed gives another code"; exit 1; }
! new_code '' || { echo "an empty seed is taken"; exit 1; }
