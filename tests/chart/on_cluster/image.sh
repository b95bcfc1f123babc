# The operator's image with mc, from the root that the Dockerfile makes, and the agents'. The tag is the content.

load_images() {
  local program programs=()
  for program in "$MISSION_CONTROL_BIN" "$MC"; do
    cp "$program" "$work/"
    # Without debug information the image is a tenth of the size.
    strip "$work/${program##*/}" 2>/dev/null || true
    programs+=("$work/${program##*/}")
  done
  tag=$(cat "${programs[@]}" | sha256sum | cut -c1-12)
  image=missioncontrol.dev/operator
  "$cluster" image-of-programs "$name" "$image:$tag" "${programs[@]}"
  "$checkout/tests/demo/agents-image" "$name"
  agents=missioncontrol.dev/agents/scripted:v1
}
