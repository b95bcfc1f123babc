# calc EXPRESSION: the value of the expression.
calc() {
  eval "echo \$(($1))"
}
