# pr: the fix as a patch in the workspace, and a made-up address of a pull request.
. "$LIB/work.sh"
propose "$(part report)"
