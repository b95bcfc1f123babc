# The settings that the programs inside read: written by `up`, on the host, before the init may go on.

write_settings() {
  local file=$STATE/settings
  {
    printf 'NAME=%q\n' "$NAME"
    printf 'CGROUP=%q\nNODE_ADDRESS=%q\nPOD_RANGE=%q\nSERVICE_RANGE=%q\n' "$CGROUP" "$NODE_ADDRESS" "$POD_RANGE" "$SERVICE_RANGE"
    printf 'PROVISIONER=%q\n' "$PROVISIONER"
    printf 'NODE=%q\nKWOK=%q\nFEATURE_GATES=%q\nLIMITS=%q\nAUDIT=%q\n' "$OPT_NODE" "$OPT_KWOK" "$OPT_GATES" "$OPT_LIMITS" "$OPT_AUDIT"
    local name
    for name in "${NEEDED[@]}"; do
      printf 'PROGRAM_%s=%q\n' "${name//-/_}" "$(program "$name")"
    done
  } >"$file.new"
  if [ "$OPT_NODE" = kubelet ]; then
    write_containerd_config
    write_network_config
    write_kubelet_config
  fi
  mv "$file.new" "$file" # the init waits for this name
}

# overlayfs does not stack on itself: in a container the folder may be on one already.
snapshotter() {
  case $(stat -f -c %T "$STATE") in
    overlay* | UNKNOWN*794c7630*) echo native ;;
    *) echo overlayfs ;;
  esac
}

write_containerd_config() {
  cat >"$STATE/containerd.toml" <<END
version = 2
# restrict_oom_score_adj: where root may not lower its score, every sandbox would fail otherwise.
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "missioncontrol.dev/test/pause:v1"
  disable_apparmor = true
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$STATE/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "$(snapshotter)"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
END
}

write_network_config() {
  mkdir -p "$STATE/cni"
  cat >"$STATE/cni/10-pods.conflist" <<END
{
  "cniVersion": "0.4.0",
  "name": "pods",
  "plugins": [{
    "type": "ptp",
    "ipMasq": false,
    "ipam": {"type": "host-local", "subnet": "$POD_RANGE", "routes": [{"dst": "0.0.0.0/0"}]}
  }]
}
END
}

write_kubelet_config() {
  echo "# the test cluster has no DNS" >"$STATE/resolv.conf"
  cat >"$STATE/kubelet.yaml" <<END
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication:
  anonymous: {enabled: false}
  webhook: {enabled: true}
  x509: {clientCAFile: $STATE/pki/ca.crt}
authorization: {mode: Webhook}
tlsCertFile: $STATE/pki/kubelet-serving.crt
tlsPrivateKeyFile: $STATE/pki/kubelet-serving.key
containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
cgroupDriver: cgroupfs
cgroupRoot: /$CGROUP
failCgroupV1: false
failSwapOn: false
enforceNodeAllocatable: []
localStorageCapacityIsolation: false
makeIPTablesUtilChains: false
oomScoreAdj: 0
# Images were put here by hand and cannot be pulled again: never collect them, and never evict for a full developer's
# disk.
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
evictionHard: {memory.available: 10Mi, nodefs.available: 0.1%, imagefs.available: 0.1%}
maxPods: 110
resolvConf: $STATE/resolv.conf
# Nothing answers there, and says so at once; without it every Pod gets a warning event.
clusterDNS: [10.96.0.1]
clusterDomain: cluster.local
volumePluginDir: /var/lib/kubelet/volume-plugins
END
}
