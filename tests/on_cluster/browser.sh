# What the tests of the dashboard's pages need besides the cluster: Chromium, its driver, and axe-core.

# The version and its checksum: https://registry.npmjs.org/axe-core/4.14.1 says the same in base64 (dist.integrity).
readonly AXE_VERSION=4.14.1
readonly AXE_SHA512=1477dafa598d8d065f273d6af302aa203c02e83131707b7fa648cd41bd3d6b734f8c22a0dab86ee6a6f64b8afbe804b214d36db85a2826965edfb3a0b9d546b5

# Installs what is missing where it may, and says it where it may not.
need_browser() {
  local wanted=(curl=curl)
  # Another browser of the kind may be named; then its driver has to fit.
  [ -n "${CHROMIUM:-}" ] || wanted+=(chromium=chromium)
  [ -n "${CHROMEDRIVER:-}" ] || wanted+=(chromedriver=chromium-driver)
  "$cluster" need "${wanted[@]}"
}

# Prints where axe.min.js is; fetches it once.
axe() {
  local folder=${MISSION_CONTROL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/mission-control}/axe-core-$AXE_VERSION
  local registry=${npm_config_registry:-https://registry.npmjs.org} new=$folder.new.$$
  if [ ! -e "$folder/axe.min.js" ]; then
    mkdir -p "$new"
    # Renamed into place, so that what is there is whole.
    if ! { curl -fsSL --retry 3 -o "$new/axe.tgz" "${registry%/}/axe-core/-/axe-core-$AXE_VERSION.tgz" &&
      sha512sum --quiet --check - <<<"$AXE_SHA512  $new/axe.tgz" >&2 &&
      tar -xzf "$new/axe.tgz" -C "$new" --strip-components=1 package/axe.min.js package/LICENSE &&
      { mv -T "$new" "$folder" 2>/dev/null || [ -e "$folder/axe.min.js" ]; }; }; then
      rm -rf "$new"
      die "axe-core $AXE_VERSION cannot be downloaded from $registry" "put its axe.min.js into $folder, or set AXE_JS to it"
    fi
    rm -rf "$new"
  fi
  echo "$folder/axe.min.js"
}
