# Generates the tables of the chart's README from values.yaml: a section for each line `# --- Title ---`, and a row for each
# value without nested values. The comment above a key is its description. A comment above a group becomes a row before the
# rows of the group. Supports only this form of YAML: two spaces per level, every default on one line.
function escaped(s) { gsub(/\|/, "\\|", s); return s }
function flush_group() {
  if (pending != "") printf "| `%s` | | %s |\n", pending, escaped(pending_text)
  pending = ""
}
/^# --- .* ---$/ {
  title = $0; sub(/^# --- /, "", title); sub(/ ---$/, "", title)
  printf "\n### %s\n\n| Value | Default | Meaning |\n| --- | --- | --- |\n", title
  text = ""; next
}
/^ *#/ { line = $0; sub(/^ *# ?/, "", line); text = text == "" ? line : text " " line; next }
/^ *$/ { text = ""; next }
{
  match($0, /^ */); level = RLENGTH / 2
  line = substr($0, RLENGTH + 1); colon = index(line, ":")
  key = substr(line, 1, colon - 1); value = substr(line, colon + 1); sub(/^ +/, "", value)
  path[level] = key; full = path[0]
  for (i = 1; i <= level; i++) full = full "." path[i]
  if (value == "") {
    if (text != "") { pending = full; pending_text = text; flush_group() }
  } else {
    if (text == "") { print "values.yaml: " full " has no comment" > "/dev/stderr"; bad = 1 }
    printf "| `%s` | `%s` | %s |\n", full, escaped(value), escaped(text)
  }
  text = ""
}
END { exit bad }
