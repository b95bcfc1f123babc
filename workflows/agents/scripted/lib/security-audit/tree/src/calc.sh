# calc EXPRESSION: what it comes to.
calc() {
  eval "echo \$(($1))"
}
