# Volumes: the default StorageClass `local`. lib/provisioner.sh, inside the instance, makes a folder of the node for
# each claim.

readonly PROVISIONER=missioncontrol.dev/test-provisioner

make_storage_class() {
  storage_class | kubectl_quiet apply --server-side -f - >/dev/null || die "could not make the StorageClass 'local'"
}

storage_class() {
  cat <<END_OF_CLASS
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata:
  name: local
  annotations: {storageclass.kubernetes.io/is-default-class: "true"}
provisioner: $PROVISIONER
volumeBindingMode: Immediate
reclaimPolicy: Delete
END_OF_CLASS
}
