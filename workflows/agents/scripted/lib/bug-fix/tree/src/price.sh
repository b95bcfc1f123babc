# with_tax CENTS PERCENT: the price with tax, in whole cents.
with_tax() {
  echo $(($1 + $1 * $2 / 100))
}
