. src/price.sh
[ "$(with_tax 1000 20)" = 1200 ] || { echo "1000 and 20 % is $(with_tax 1000 20)"; exit 1; }
