# The repository that the tools read: a bare one, served by git's own CGI program on the cluster's loopback.

git_url=http://127.0.0.1:3000/cgi-bin/git/fleet.git

serve_git() {
  local cgi=$work/www/cgi-bin/git
  export GIT_CONFIG_GLOBAL=$work/gitconfig
  git config --file "$work/gitconfig" user.name test
  git config --file "$work/gitconfig" user.email test@git.example
  mkdir -p "$work/www/cgi-bin" "$work/git"
  git init --quiet --bare --initial-branch main "$work/git/fleet.git"
  git init --quiet --initial-branch main "$work/fleet"
  printf '#!/bin/sh\nexport GIT_PROJECT_ROOT=%q GIT_HTTP_EXPORT_ALL=1\nexec git http-backend\n' "$work/git" >"$cgi"
  chmod +x "$cgi"
  fleet=$work/fleet
  daemon git busybox httpd -f -p 127.0.0.1:3000 -h "$work/www"
}

# publish MESSAGE: what is in the working copy is what Git says. Sets revision.
publish() {
  git -C "$fleet" add --all
  git -C "$fleet" commit --quiet --message "$1"
  git -C "$fleet" push --quiet "$work/git/fleet.git" main
  revision=$(git -C "$fleet" rev-parse HEAD)
}
