# The cluster's own authority and the certificates of its parts. They live and die with the instance.

readonly SERVICE_RANGE=10.96.0.0/16 SERVICE_ADDRESS=10.96.0.1

# make_certs: needs NODE_ADDRESS and HOST_ADDRESS; fills STATE/pki and the kubeconfigs.
make_certs() {
  local names
  mkdir -p "$STATE/pki"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 365 -subj "/CN=mission-control-test" \
    -keyout "$STATE/pki/ca.key" -out "$STATE/pki/ca.crt" 2>/dev/null
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$STATE/pki/sa.key" 2>/dev/null
  openssl pkey -in "$STATE/pki/sa.key" -pubout -out "$STATE/pki/sa.pub" 2>/dev/null

  names=IP:127.0.0.1,IP:$NODE_ADDRESS,IP:$SERVICE_ADDRESS,DNS:localhost,DNS:node-1
  names+=,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local
  make_cert apiserver "/CN=kube-apiserver" "$names"
  make_cert kubelet-serving "/CN=system:node:node-1" "$names"
  make_cert apiserver-kubelet-client "/O=system:masters/CN=kube-apiserver-kubelet-client"
  make_cert admin "/O=system:masters/CN=admin"
  make_cert controller-manager "/CN=system:kube-controller-manager"
  make_cert scheduler "/CN=system:kube-scheduler"
  make_cert node-1 "/O=system:nodes/CN=system:node:node-1"

  make_kubeconfig admin "$STATE/kubeconfig"
  make_kubeconfig controller-manager "$STATE/pki/controller-manager.conf"
  make_kubeconfig scheduler "$STATE/pki/scheduler.conf"
  make_kubeconfig node-1 "$STATE/pki/node-1.conf"
  chmod -R go= "$STATE/pki" "$STATE/kubeconfig"
}

make_cert() {
  local name=$1 subject=$2 san=${3:-} extension
  extension="extendedKeyUsage=clientAuth,serverAuth"
  [ -z "$san" ] || extension+=$'\n'"subjectAltName=$san"
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "$subject" \
    -keyout "$STATE/pki/$name.key" -out "$STATE/pki/$name.csr" 2>/dev/null
  openssl x509 -req -in "$STATE/pki/$name.csr" -CA "$STATE/pki/ca.crt" -CAkey "$STATE/pki/ca.key" -CAcreateserial -days 365 \
    -extfile <(printf '%s\n' "$extension") -out "$STATE/pki/$name.crt" 2>/dev/null
}

# Certificates are embedded: a kubeconfig can be copied elsewhere on its own.
make_kubeconfig() {
  local user=$1 file=$2
  cat >"$file" <<END
apiVersion: v1
kind: Config
current-context: $NAME
contexts:
- {name: $NAME, context: {cluster: $NAME, user: $user}}
clusters:
- name: $NAME
  cluster:
    server: https://$NODE_ADDRESS:443
    certificate-authority-data: $(base64 -w0 <"$STATE/pki/ca.crt")
users:
- name: $user
  user:
    client-certificate-data: $(base64 -w0 <"$STATE/pki/$user.crt")
    client-key-data: $(base64 -w0 <"$STATE/pki/$user.key")
END
}
