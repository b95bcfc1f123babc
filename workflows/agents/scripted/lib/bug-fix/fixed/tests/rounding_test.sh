. src/price.sh
[ "$(with_tax 99 19)" = 118 ] || { echo "99 and 19 % is $(with_tax 99 19), not 118"; exit 1; }
[ "$(with_tax 5 10)" = 6 ] || { echo "5 and 10 % is $(with_tax 5 10), not 6"; exit 1; }
