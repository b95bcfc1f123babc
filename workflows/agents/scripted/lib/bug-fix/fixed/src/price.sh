# with_tax CENTS PERCENT: the price with tax, in whole cents, half a cent rounded up.
with_tax() {
  echo $(($1 + ($1 * $2 + 50) / 100))
}
