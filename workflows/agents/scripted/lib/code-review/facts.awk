# Facts about a unified diff, one per line: "count NAME N" or "note NAME text". Follows the hunk headers, so that a
# removed line "-- x" is not taken for a file header. Never repeats the value of a secret, only its place.

function flag(kind) { n[kind]++; print "note " kind " " file " line " new_line }
function kind_of(path) {
  if (path ~ /(^|\/)(tests?|spec|__tests__|testdata)\// || path ~ /(_test|\.test|_spec|\.spec)\.[a-z]+$/ || path ~ /(^|\/)tests?\.[a-z]+$/) return "tests"
  if (path ~ /\.(md|rst|txt|adoc)$/ || path ~ /(^|\/)docs?\//) return "docs"
  if (path ~ /\.(ya?ml|toml|json|lock|ini|cfg|conf|sum|mod)$/) return "config"
  if (path ~ /\.(rs|go|py|js|jsx|ts|tsx|java|kt|c|h|cc|cpp|hpp|rb|php|swift|scala|sh|bash|awk|sql)$/) return "code"
  return "other"
}

BEGIN { old_left = new_left = 0; n["files"] = n["added"] = n["removed"] = n["todos"] = n["secrets"] = n["binary"] = 0
        n["tests"] = n["docs"] = n["config"] = n["code"] = n["other"] = 0 }

old_left <= 0 && new_left <= 0 {
  if ($0 ~ /^diff --git /) {
    file = $0; sub(/^diff --git .* b\//, "", file); gsub(/[^A-Za-z0-9._\/@+ -]/, "?", file)
    n["files"]++; n[kind_of(file)]++
    print "note files " file
  } else if ($0 ~ /^Binary files / || $0 ~ /^GIT binary patch/) n["binary"]++
  else if ($0 ~ /^@@ -[0-9,]+ \+[0-9,]+ @@/) {
    split($2, before, ","); split($3, after, ",")
    old_left = (before[2] == "") ? 1 : before[2] + 0
    new_left = (after[2] == "") ? 1 : after[2] + 0
    new_line = substr(after[1], 2) - 1
  }
  next
}
/^\\/ { next }
/^-/ { old_left--; n["removed"]++; next }
/^\+/ {
  new_left--; new_line++; n["added"]++
  text = substr($0, 2)
  if (text ~ /(^|[^A-Za-z0-9_])(TODO|FIXME|XXX)([^A-Za-z0-9_]|$)/) flag("todos")
  if (text ~ /AKIA[0-9A-Z][0-9A-Z][0-9A-Z][0-9A-Z][0-9A-Z][0-9A-Z][0-9A-Z][0-9A-Z][0-9A-Z][0-9A-Z][0-9A-Z][0-9A-Z][0-9A-Z][0-9A-Z][0-9A-Z][0-9A-Z]/ ||
      text ~ /-----BEGIN [A-Z ]*PRIVATE KEY-----/ || text ~ /gh[pousr]_[A-Za-z0-9]+/ && match(text, /gh[pousr]_[A-Za-z0-9]+/) && RLENGTH >= 40 ||
      tolower(text) ~ /(password|passwd|secret|api_?key|access_?token)["']? *[:=] *["'][^"'$<{ ][^"' ][^"' ][^"' ][^"' ][^"' ][^"' ][^"' ]+["']/) flag("secrets")
  next
}
{ old_left--; new_left--; new_line++ }

END { for (name in n) print "count " name " " n[name] }
