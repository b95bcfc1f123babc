# Source files -> findings, one per line: "RULE SEVERITY FILE:LINE". The text of a line is never repeated: it may
# contain a secret.

function found(rule, severity) { print rule " " severity " " FILENAME ":" FNR }

/^[ \t]*#/ { next }
/(^|[^A-Za-z_])eval[ \t]/ { found("eval-of-input", "high") }
/[A-Z_]*(PASSWORD|SECRET|TOKEN)="?[^"$ ]+/ { found("password-in-source", "high") }
/\/tmp\/[A-Za-z.]*\$\$/ { found("guessable-file", "medium") }
