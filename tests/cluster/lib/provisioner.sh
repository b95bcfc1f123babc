# A small volume provisioner: a claim of our StorageClass becomes a folder and a PersistentVolume, and both go when the
# claim is gone. The built-in controller binds the two; the kubelet mounts. One of an instance's programs
# (lib/inside.sh), never run by hand. It never ends by itself: what the API server does not answer or take is asked
# again a second later.
set -uo pipefail

STATE=$1 KUBECTL=$2 PROVISIONER=$3
readonly STATE KUBECTL PROVISIONER VOLUMES=$STATE/volumes

# A cache of its own: the one in the home folder would outlive the instance.
api() { "$KUBECTL" --kubeconfig "$STATE/kubeconfig" --cache-dir "$STATE/kubectl-cache" "$@"; }

# changes RESOURCE: a line for each that is there and for each change, without end. An API server ends every watch at
# some time.
changes() {
  while :; do
    api get "$1" --all-namespaces --watch --output name || true
    sleep 1
  done
}

# Lines that came meanwhile ask for the same: one look at the whole answers all of them. Where they never stop, it looks
# anyway.
await_change() {
  local end
  read -r -u 3 _ || return 1
  end=$((${EPOCHREALTIME/./} + 200000))
  while ((${EPOCHREALTIME/./} < end)) && read -r -t 0.05 -u 3 _; do :; done
}

# The claims that wait for us and have no volume yet. The controller's annotation says whose they are.
# Any node will do: one at most is real, and simulated ones mount nothing; a `local` volume requires a node affinity.
# shellcheck disable=SC2016
readonly MISSING='
  [.items[] | select(.kind == "PersistentVolume") | .metadata.name] as $there
  | {apiVersion: "v1", kind: "List", items: [
      .items[] | select(.kind == "PersistentVolumeClaim" and .status.phase == "Pending" and .metadata.deletionTimestamp == null)
      | select(.metadata.annotations["volume.kubernetes.io/storage-provisioner"] == $provisioner)
      | select((.spec.volumeName // "") == "" and .spec.volumeMode == "Filesystem")
      | "pvc-\(.metadata.uid)" as $name | select($there | index($name) | not)
      | {apiVersion: "v1", kind: "PersistentVolume",
         metadata: {name: $name, annotations: {"pv.kubernetes.io/provisioned-by": $provisioner}},
         spec: {
           storageClassName: .spec.storageClassName, persistentVolumeReclaimPolicy: "Delete",
           accessModes: .spec.accessModes, capacity: {storage: .spec.resources.requests.storage},
           claimRef: {apiVersion: "v1", kind: "PersistentVolumeClaim",
                      namespace: .metadata.namespace, name: .metadata.name, uid: .metadata.uid},
           local: {path: "\($volumes)/\($name)"},
           nodeAffinity: {required: {nodeSelectorTerms: [
             {matchExpressions: [{key: "kubernetes.io/hostname", operator: "Exists"}]}]}}}}]}'

# Our volumes whose claim is gone.
# shellcheck disable=SC2016
readonly RELEASED='
  .items[] | select(.kind == "PersistentVolume" and .status.phase == "Released" and .metadata.deletionTimestamp == null)
  | select(.metadata.annotations["pv.kubernetes.io/provisioned-by"] == $provisioner) | .metadata.name'

# settle: makes what is missing and removes what is released; fails if anything has to be tried again.
settle() {
  local seen missing names name gone=()
  seen=$(api get persistentvolumeclaims,persistentvolumes --all-namespaces --output json --request-timeout 10s) || return 1
  missing=$(jq --arg provisioner "$PROVISIONER" --arg volumes "$VOLUMES" "$MISSING" <<<"$seen") || return 1
  names=$(jq -r '.items[].metadata.name' <<<"$missing")
  if [ -n "$names" ]; then
    for name in $names; do make_folder "$name" || return 1; done
    # Output says which: it is the log.
    api create --filename - --request-timeout 30s <<<"$missing" || return 1
  fi
  names=$(jq -r --arg provisioner "$PROVISIONER" "$RELEASED" <<<"$seen") || return 1
  for name in $names; do
    if is_our_name "$name"; then remove_folder "$name" && gone+=("$name") || return 1; fi
  done
  ((${#gone[@]} == 0)) || api delete persistentvolume "${gone[@]}" --ignore-not-found --wait=false --request-timeout 30s
}

# Like a fresh disk that takes anybody's files, whatever user a Pod runs as.
make_folder() { mkdir -p "$VOLUMES/$1" && chmod 0777 "$VOLUMES/$1"; }

# A folder's path comes from the name that we gave, not from the object: this runs as root.
is_our_name() { [[ $1 =~ ^pvc-[0-9a-f-]{36}$ ]]; }
remove_folder() { rm -rf --one-file-system "${VOLUMES:?}/$1"; }

mkdir -p "$VOLUMES"
chmod 0700 "$VOLUMES" # the folders in it are open to all Pods, not to the machine's other users
exec 3< <(changes persistentvolumeclaims & changes persistentvolumes & wait)
while :; do
  if ! { settle && await_change; }; then sleep 1; fi
done
