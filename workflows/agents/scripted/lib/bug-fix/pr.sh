# pr: the fix as a patch in the workspace, and the address that a forge would give it.
. "$LIB/work.sh"
propose "$(part report)"
