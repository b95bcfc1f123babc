# verify: checks every acceptance criterion of the story in the workspace. It trusts the files, not the developer.
. "$LIB/work.sh"
need_tree
story=$(part story)
[ -n "$story" ] || give_up "there is no story to verify"

criteria=$(printf '%s\n' "$story" | sed -n 's/^ *[0-9][0-9]*\. //p')
issues=$(
  printf '%s\n' "$criteria" | while IFS= read -r criterion; do
    file=$(printf '%s\n' "$criterion" | awk '{print $3}')
    case $file in '' | /* | *..*) continue ;; esac
    case $criterion in
      'The file '*' exists.') [ -f "$file" ] || echo "- $file is missing" ;;
      'The file '*' says: '*) grep -qF -- "${criterion#* says: }" "$file" 2>/dev/null || echo "- $file does not say: ${criterion#* says: }" ;;
      'The test tests/'*_test.sh' passes.') if [ -f "$file" ]; then run_tests "$file"; else echo "- $file is missing"; fi ;;
    esac
  done
  # A rework item is prose, without criteria: run all tests.
  case ${MISSION_ITEM:-} in rework-*) run_tests ;; esac
)
[ -z "$issues" ] || send_back ISSUES "$issues"

cat <<ANSWER
VERIFIED:
$(printf '%s\n' "$criteria" | sed 's/^/- /')
STATUS: done
ANSWER
