. src/calc.sh
[ "$(calc '2 + 3')" = 5 ] || { echo "2 + 3 is $(calc '2 + 3')"; exit 1; }
