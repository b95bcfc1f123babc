# The operator's image: both programs, the libraries that they need, and nothing else. The tag is the content.

load_images() {
  local root=$work/root program
  mkdir -p "$root"/{usr/local/bin,etc/ssl/certs,tmp}
  chmod 1777 "$root/tmp"
  for program in "$MISSION_CONTROL_BIN" "$MC"; do
    cp "$program" "$root/usr/local/bin/"
    # Without debug information the image is a tenth of the size.
    strip "$root/usr/local/bin/${program##*/}" 2>/dev/null || true
    copy_libraries "$program" "$root"
  done
  [ ! -e /etc/ssl/certs/ca-certificates.crt ] || cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
  tag=$(cat "$root"/usr/local/bin/* | sha256sum | cut -c1-12)
  image=missioncontrol.dev/operator
  "$cluster" image "$name" "$image:$tag" "$root" --entrypoint /usr/local/bin/mission-control
  "$checkout/tests/demo/agents-image" "$name"
  agents=missioncontrol.dev/agents/scripted:v1
}

# copy_libraries PROGRAM ROOT: to the paths where the loader looks.
copy_libraries() {
  local library
  while read -r library; do
    mkdir -p "$2${library%/*}"
    cp -L "$library" "$2$library"
  done < <(ldd "$1" 2>/dev/null | grep -oE '/[^ ]+')
}
