#!/usr/bin/env bash
# Prints, as its last line on stdout, the bin directory of a Postgres that has pgvector >= 0.8, for the tests that want
# a native one. Takes what is there; what is missing it installs through apt, as root or with sudo. Says on stderr
# what it does, and fails rather than hand out a Postgres without pgvector.
#
#   TOUCHPOINT_POSTGRES_BIN   use this Postgres and no other
set -euo pipefail

readonly WANTED=0.8
# Releases whose pgvector source is new enough, oldest first: older libraries ask least of the machine.
readonly DEBIAN_SUITES='trixie forky sid' UBUNTU_SUITES='plucky questing devel'

say() { echo "postgres.sh: $*" >&2; }
die() {
  say "$*"
  exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }
at_least() { printf '%s\n%s\n' "$1" "$2" | sort -V -C; }

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif have sudo; then
    sudo "$@"
  else
    die "this needs root and there is no sudo: $*"
  fi
}

is_server() { [ -x "$1/initdb" ] && [ -x "$1/postgres" ] && [ -x "$1/pg_ctl" ]; }

# Every Postgres server of this machine, best first.
servers() {
  if [ -n "${TOUCHPOINT_POSTGRES_BIN:-}" ]; then
    is_server "$TOUCHPOINT_POSTGRES_BIN" ||
      die "TOUCHPOINT_POSTGRES_BIN: got $TOUCHPOINT_POSTGRES_BIN, wants a directory that holds initdb, postgres and pg_ctl"
    echo "$TOUCHPOINT_POSTGRES_BIN"
    return
  fi
  {
    if have pg_config; then pg_config --bindir; fi
    printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV
  } | awk '!seen[$0]++' | while read -r bin; do
    if is_server "$bin"; then echo "$bin"; fi
  done
}

# /usr/lib/postgresql/15/bin -> 15
major() { "$1/postgres" --version | sed -E 's/^[^0-9]*([0-9]+).*/\1/'; }

# The pg_config that belongs to a server: Debian keeps it with the development files.
config_of() {
  local candidate
  for candidate in "$1/pg_config" "$(command -v pg_config || true)"; do
    if [ -x "$candidate" ] && [ "$("$candidate" --bindir)" = "$(cd "$1" && pwd -P)" ]; then
      echo "$candidate"
      return
    fi
  done
}

# The version of pgvector that a server would create; nothing when it has none, or only half of one.
vector_version() {
  local config share library
  config=$(config_of "$1")
  if [ -n "$config" ]; then
    share=$("$config" --sharedir) library=$("$config" --pkglibdir)
  else
    share=/usr/share/postgresql/$(major "$1") library=/usr/lib/postgresql/$(major "$1")/lib
  fi
  if [ -f "$share/extension/vector.control" ] && [ -f "$library/vector.so" ]; then
    sed -nE "s/^default_version *= *'([^']+)'.*/\1/p" "$share/extension/vector.control"
  fi
}

has_vector() {
  local version
  version=$(vector_version "$1")
  [ -n "$version" ] && at_least "$WANTED" "$version"
}

find_ready() {
  local bin
  for bin in $1; do
    if has_vector "$bin"; then
      echo "$bin"
      return
    fi
  done
}

# Brings the package lists up to date.
refresh() {
  have apt-get || die "there is no apt-get here to install with: set TOUCHPOINT_POSTGRES_BIN to a Postgres with pgvector >= $WANTED"
  as_root apt-get -q update >&2 || die 'apt-get update failed'
}

install() {
  say "installing $*"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=120 install --no-install-recommends "$@" >&2 ||
    die "apt-get could not install $*"
}

# The candidate version of a package, without epoch and revision; nothing when there is none.
candidate() { apt-cache policy "$1" | sed -nE 's/^ *Candidate: ([0-9]+:)?([0-9.]+).*/\2/p'; }

# The distribution's own package, where it is new enough.
install_package() {
  local package version
  [ "$(dirname "$1")" = "/usr/lib/postgresql/$(major "$1")" ] || return 1
  package=postgresql-$(major "$1")-pgvector
  version=$(candidate "$package")
  if [ -z "$version" ] || ! at_least "$WANTED" "$version"; then
    say "$package: ${version:-not packaged} here, wants >= $WANTED: building it"
    return 1
  fi
  install "$package"
}

# The mirror that this machine's own release comes from, taken from apt's configuration.
mirror() {
  apt-get indextargets --format '$(CODENAME) $(COMPONENT) $(REPO_URI)' "Created-By: Packages" |
    awk -v codename="$1" '$1 == codename && $2 == "main" && !found { print $3; found = 1 }'
}

# Downloads pgvector's source of a newer release into $1 through a throw-away apt configuration, signatures checked.
fetch_source() {
  local folder=$1 id codename suites uri keyring component=main suite
  # shellcheck source=/dev/null
  id=$(. /etc/os-release && echo "$ID") codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
  case $id in
  ubuntu) suites=$UBUNTU_SUITES component=universe keyring=/usr/share/keyrings/ubuntu-archive-keyring.gpg ;;
  debian) suites=$DEBIAN_SUITES keyring=/usr/share/keyrings/debian-archive-keyring.gpg ;;
  *) die "no pgvector package, and where $id keeps its source is not known: set TOUCHPOINT_POSTGRES_BIN" ;;
  esac
  uri=$(mirror "$codename")
  [ -n "$uri" ] || die "apt has no source for $codename main to take pgvector's source from"
  for suite in $suites; do
    say "looking for pgvector's source in $suite"
    rm -rf "$folder/lists" && mkdir -p "$folder/lists/partial"
    echo "deb-src [signed-by=$keyring] $uri $suite $component" >"$folder/sources.list"
    local apt=(apt-get -q -o "Dir::Etc::sourcelist=$folder/sources.list" -o Dir::Etc::sourceparts=/dev/null
      -o "Dir::State::lists=$folder/lists" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=)
    if "${apt[@]}" update >&2 && (cd "$folder" && "${apt[@]}" source --download-only pgvector >&2); then
      at_least "$WANTED" "$(basename "$folder"/pgvector_*.orig.tar.gz | sed -E 's/^pgvector_(.*)\.orig.*/\1/')" && return
      rm -f "$folder"/pgvector_*
    fi
  done
  die "no release of $id at $uri has pgvector >= $WANTED"
}

# Debian spreads PGXS and the headers over two packages: both must be there.
can_build() { [ -n "$1" ] && [ -f "$("$1" --pgxs)" ] && [ -f "$("$1" --includedir-server)/postgres.h" ]; }

build_from_source() {
  local bin=$1 config folder flags=()
  config=$(config_of "$bin")
  local needed=()
  if ! can_build "$config"; then needed+=("postgresql-server-dev-$(major "$bin")"); fi
  if ! have make || ! have cc; then needed+=(build-essential); fi
  if [ ${#needed[@]} -gt 0 ]; then install "${needed[@]}"; fi
  config=$(config_of "$bin")
  can_build "$config" || die "$bin has no development files beside it: pgvector cannot be built for it"

  folder=$(mktemp -d)
  # apt downloads as a user of its own, who must get in
  chmod 755 "$folder"
  # shellcheck disable=SC2064
  trap "rm -rf '$folder'" EXIT
  fetch_source "$folder"
  mkdir "$folder/source"
  tar -xzf "$folder"/pgvector_*.orig.tar.gz -C "$folder/source" --strip-components=1
  # the default, -march=native, would tie the library to the machine that built it
  if [ "$(uname -m)" = x86_64 ]; then flags=('OPTFLAGS=-march=x86-64-v2'); else flags=('OPTFLAGS='); fi
  say "building pgvector for $bin"
  make -s -C "$folder/source" "PG_CONFIG=$config" with_llvm=no "${flags[@]}" >&2 || die 'pgvector did not build'
  as_root make -s -C "$folder/source" "PG_CONFIG=$config" with_llvm=no install >&2 || die 'pgvector could not be installed'
}

# The distribution's Postgres server, its newest.
install_server() {
  local package
  package=$(apt-cache search --names-only '^postgresql-[0-9]+$' | awk '{ print $1 }' | sort -rV | head -n 1)
  [ -n "$package" ] || die 'apt knows no postgresql package'
  install "$package"
}

found=$(servers)
bin=$(find_ready "$found")
if [ -z "$bin" ]; then
  refresh
  if [ -z "$found" ]; then
    install_server
    found=$(servers)
  fi
  bin=$(head -n 1 <<<"$found")
  [ -n "$bin" ] || die 'no Postgres server is to be found, not even after installing one'
  install_package "$bin" || build_from_source "$bin"
  has_vector "$bin" || die "$bin still has no pgvector >= $WANTED"
fi
say "pgvector $(vector_version "$bin") in Postgres $(major "$bin")"
echo "$bin"
