# Two versions of a file -> a unified diff of one hunk with three lines of context. The first file may be /dev/null.
# usage: awk -v path=src/x.sh -f patch.awk OLD NEW; both end with a line break.

FILENAME == ARGV[1] { old[++olds] = $0; next }
{ new[++news] = $0 }

END {
  olds += 0
  news += 0
  while (head < olds && head < news && old[head + 1] == new[head + 1]) head++
  while (tail < olds - head && tail < news - head && old[olds - tail] == new[news - tail]) tail++
  before = head < 3 ? head : 3
  after = tail < 3 ? tail : 3
  from = head - before
  old_lines = olds - tail + after - from
  new_lines = news - tail + after - from

  print "diff --git a/" path " b/" path
  if (olds == 0) print "new file mode 100644"
  print "--- " (olds == 0 ? "/dev/null" : "a/" path)
  print "+++ b/" path
  print "@@ -" (old_lines ? from + 1 : 0) "," old_lines " +" (new_lines ? from + 1 : 0) "," new_lines " @@"
  for (i = from + 1; i <= head; i++) print " " old[i]
  for (i = head + 1; i <= olds - tail; i++) print "-" old[i]
  for (i = head + 1; i <= news - tail; i++) print "+" new[i]
  for (i = olds - tail + 1; i <= olds - tail + after; i++) print " " old[i]
}
