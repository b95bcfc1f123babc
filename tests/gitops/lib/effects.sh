# What agents do outside of the cluster, and no deletion takes back: each roll-out of the example is a line in a file,
# written over HTTP.

serve_effects() {
  local cgi=$work/effects/cgi-bin/note
  node=$(kubectl get nodes -o 'jsonpath={.items[0].status.addresses[?(@.type == "InternalIP")].address}')
  mkdir -p "${cgi%/*}"
  : >"$work/deployed"
  printf '#!/bin/sh\necho "$QUERY_STRING" >>%q\nprintf "Content-Type: text/plain\\r\\n\\r\\nnoted\\n"\n' "$work/deployed" >"$cgi"
  chmod +x "$cgi"
  daemon effects busybox httpd -f -p "$node:3001" -h "$work/effects"
}

# The example's deploy step, in the working copy, does it before it says so.
note_deploys() {
  sed -i 's|^\( *\)echo "DEPLOYED: .*|\1wget -q -O /dev/null "http://'"$node"':3001/cgi-bin/note?$MISSION_RUN-$VERSION" \|\| exit 1\n&|' "$fleet/workflows/release.yaml"
  grep -q "$node:3001" "$fleet/workflows/release.yaml" || die "the example's deploy step has no line 'echo \"DEPLOYED: …'"
}

# deployed VERSION: how often it was rolled out to staging, and to production.
deployed() { printf '%d %d\n' "$(grep -cx "release-staging-$1" "$work/deployed")" "$(grep -cx "release-production-$1" "$work/deployed")"; }
