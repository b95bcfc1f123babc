# The demo's folder: the programs in bin, the run, what the viewer saw.

# work_folder: inside the cluster's own folder, so that it is deleted with the cluster.
work_folder() {
  if [ "${CLUSTER:-}" = existing ]; then
    printf '%s\n' "${TMPDIR:-/tmp}/demo"
  else
    printf '%s\n' "${KUBECONFIG%/*}/demo"
  fi
}
