#!/usr/bin/env bash
# Prints, as its last line on stdout, the Chromium for the browser tests. Takes what is there; a missing one it installs
# from Debian's packages, as root or with sudo.
#
#   TOUCHPOINT_CHROMIUM   use this browser and no other
set -euo pipefail

say() { echo "chromium.sh: $*" >&2; }
die() {
  say "$*"
  exit 1
}

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null 2>&1; then
    sudo "$@"
  else
    die "this needs root and there is no sudo: $*"
  fi
}

browser=${TOUCHPOINT_CHROMIUM:-/usr/bin/chromium}
if [ ! -x "$browser" ]; then
  [ -z "${TOUCHPOINT_CHROMIUM:-}" ] || die "TOUCHPOINT_CHROMIUM: got $browser, wants a browser"
  command -v apt-get >/dev/null 2>&1 || die 'there is no apt-get here to install with: set TOUCHPOINT_CHROMIUM to a Chromium'
  say 'installing chromium'
  as_root apt-get -q update >&2 || die 'apt-get update failed'
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=120 install --no-install-recommends chromium >&2 ||
    die 'apt-get could not install chromium'
fi
say "$("$browser" --version 2>/dev/null)"
echo "$browser"
