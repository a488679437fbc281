# shellcheck shell=bash
# Sourced by examples/run, tests/run and bench/run: installs what is missing, configures, builds.
# Everything printed here goes to stderr; progress is one rewritten line, and only on a terminal.
#
#   need_packages PACKAGE[:COMMAND]…        a COMMAND that is there counts as its package
#   prepare PRESET TARGET [CMAKE_FLAG…]     afterwards $root/build/PRESET holds the built TARGET
#   usage_error MESSAGE…                    one line, exit 2

root=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
program=$(basename "$(dirname "$(readlink -f "$0")")")/run
jobs=$(nproc 2>/dev/null || echo 2)

say() { printf '%s: %s\n' "$program" "$*" >&2; }
usage_error() {
  say "$*"
  exit 2
}
progress() { if [[ -t 2 ]]; then printf '\r\033[K%s' "$*" >&2; fi; }

# --- packages ---------------------------------------------------------------------------------------------

need_packages() {
  local entry package missing=() tools=()
  for entry in "$@"; do
    package=${entry%%:*}
    if [[ $entry == *:* ]] && command -v "${entry#*:}" >/dev/null; then continue; fi
    if command -v dpkg-query >/dev/null && command -v apt-get >/dev/null; then
      if dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed; then continue; fi
      missing+=("$package")
    elif [[ $entry == *:* ]]; then
      tools+=("${entry#*:}")
    fi
  done
  if ((${#tools[@]})); then # no apt here; without libraries CMake says what it lacks
    usage_error "needed, and not found on this system: ${tools[*]}"
  fi
  if ((${#missing[@]})); then install_packages "${missing[@]}"; fi
}

install_packages() {
  local as_root=() log
  if ((EUID != 0)); then
    if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
      as_root=(sudo -n)
    else
      say "missing packages; install them with"
      printf '  sudo apt-get update && sudo apt-get install -y --no-install-recommends %s\n' "$*" >&2
      exit 2
    fi
  fi
  say "installing: $*"
  log=$(mktemp)
  local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300)
  "${apt[@]}" update >"$log" 2>&1 </dev/null || true # one unreachable source does not matter if the rest has it
  if ! "${apt[@]}" install -y --no-install-recommends "$@" >>"$log" 2>&1 </dev/null; then
    cat "$log" >&2
    say "apt-get could not install: $*"
    rm -f "$log"
    exit 1
  fi
  rm -f "$log"
}

# --- configure and build ----------------------------------------------------------------------------------

# What a build tree depends on beside the sources: a tree from another system must not be reused.
fingerprint() {
  local compiler=g++
  case $1 in
    clang*) compiler=clang++ ;;
    aarch64 | riscv64) compiler=$1-linux-gnu-g++ ;;
    armhf) compiler=arm-linux-gnueabihf-g++ ;;
    i386) compiler=i686-linux-gnu-g++ ;;
  esac
  { uname -m; cat /etc/os-release; command -v "$compiler"; "$compiler" --version; cmake --version; } 2>/dev/null | cksum
}

configure() {
  local preset=$1 tree=$root/build/$1 log=$root/build/$1.configure.log stamp
  shift
  stamp=$(fingerprint "$preset" || true)
  if [[ -f $tree/CMakeCache.txt ]]; then
    if ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root" "$tree/CMakeCache.txt" ||
      [[ -f $tree/.made-with && $(<"$tree/.made-with") != "$stamp" ]]; then
      rm -rf "$tree"
    fi
  fi
  progress "configuring $preset"
  if ! (cd "$root" && cmake --preset "$preset" "$@") >"$log" 2>&1; then
    # A tree without our mark may be stale in ways that only CMake notices: once more, from nothing.
    if [[ ! -f $tree/.made-with ]]; then rm -rf "$tree"; fi
    if ! (cd "$root" && cmake --preset "$preset" "$@") >"$log" 2>&1; then
      progress
      cat "$log" >&2
      say "configuring the preset $preset failed"
      exit 1
    fi
  fi
  printf '%s\n' "$stamp" >"$tree/.made-with"
}

build() {
  local preset=$1 target=$2 log=$root/build/$1.build.log line
  if ! NINJA_STATUS='[%f/%t] ' cmake --build "$root/build/$preset" --target "$target" -j "$jobs" 2>&1 </dev/null |
    while IFS= read -r line; do
      printf '%s\n' "$line" >&3
      if [[ $line =~ ^\[[0-9]+/[0-9]+\] ]]; then progress "${BASH_REMATCH[0]} building $preset"; fi
    done 3>"$log"; then
    progress
    grep -Ev '^\[[0-9]+/[0-9]+\] ' "$log" >&2 || true
    say "building $target with the preset $preset failed"
    exit 1
  fi
  progress
}

prepare() {
  local preset=$1 target=$2
  shift 2
  mkdir -p "$root/build" || exit 1 # errexit is off where a caller asks whether this succeeded
  exec 9>"$root/build/$preset.lock" || exit 1
  if command -v flock >/dev/null && ! flock -n 9; then
    say "waiting for another build of the preset $preset"
    flock 9
  fi
  configure "$preset" "$@"
  build "$preset" "$target"
  exec 9>&-
}
