# Where the demo keeps what it builds and makes: the programs in bin, the run, what the viewer saw.

# work_folder: in the cluster's own folder, so that it goes with the cluster.
work_folder() {
  if [ "${CLUSTER:-}" = existing ]; then
    printf '%s\n' "${TMPDIR:-/tmp}/demo"
  else
    printf '%s\n' "${KUBECONFIG%/*}/demo"
  fi
}
