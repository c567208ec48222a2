#!/bin/sh
# Installs skein from this folder, without a network. All that it writes lies below the prefix: lib/skein, with a folder for each build
# and `current` for the one in use, bin/skein, bin/git-remote-skein, and the manual page. What it did not write it leaves alone.
set -eu
umask 022
LC_ALL=C
export LC_ALL

usage() {
  cat <<'END'
Usage: ./install.sh [--prefix DIR] [--node FILE] [--service] [--uninstall [--force]]

  --prefix DIR  where to install (~/.local); the program is DIR/bin/skein
  --node FILE   the Node.js to run it with (the first on the PATH that is new enough)
  --service     have the daemon start at each login, too: skein service install
  --uninstall   remove what was installed; claims, logs and kept work in ~/.skein stay
  --force       uninstall also while clones push through skein
  --help        this text

Run it again with a newer archive to upgrade. Needs Node.js 20.19 or newer, and git 2.31 or newer.
END
}

# MESSAGE [NEXT-STEP [EXIT]]
fail() {
  printf 'install.sh: %s\n' "$1" >&2
  if [ -n "${2-}" ]; then printf '  ACTION REQUIRED: %s\n' "$2" >&2; fi
  exit "${3-1}"
}

say() { printf '%s\n' "$1"; }

# One word of a shell.
quote() { printf "'%s'" "$(printf '%s' "$1" | sed "s/'/'\\\\''/g")"; }

prefix='' node='' service=no act=install force=no
while [ $# -gt 0 ]; do
  case $1 in
    --prefix | --node)
      [ $# -ge 2 ] && [ -n "$2" ] || fail "$1 needs a value." './install.sh --help' 64
      if [ "$1" = --prefix ]; then prefix=$2; else node=$2; fi
      shift
      ;;
    --prefix=?*) prefix=${1#*=} ;;
    --node=?*) node=${1#*=} ;;
    --service) service=yes ;;
    --uninstall) act=uninstall ;;
    --force) force=yes ;;
    --help | -h)
      usage
      exit 0
      ;;
    *) fail "no such option: $1" './install.sh --help' 64 ;;
  esac
  shift
done

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
if [ -z "$prefix" ]; then
  [ -n "${HOME-}" ] || fail 'HOME is not set, so there is no place to install to.' './install.sh --prefix DIR' 64
  prefix=$HOME/.local
fi
case $prefix in
  /*) ;;
  *) prefix=$(pwd -P)/$prefix ;;
esac
case $prefix in
  *'
'*) fail 'the prefix has a line break in it.' 'Choose another folder.' 64 ;;
esac
lib=$prefix/lib/skein
mark="Written by skein's install.sh"

is_new_enough() {
  "$1" -e 'const [a,b]=process.versions.node.split(".").map(Number);process.exit(a>20||(a===20&&b>=19)?0:1)' 2>/dev/null
}

# Sets `node`, by its full path: hooks run where no PATH of a login is.
find_node() {
  if [ -n "$node" ]; then
    [ -x "$node" ] || fail "$node is no program." './install.sh --node FILE' 64
    is_new_enough "$node" || fail "$node is older than 20.19, or no Node.js." './install.sh --node FILE'
    case $node in /*) ;; *) node=$(CDPATH='' cd -- "$(dirname -- "$node")" && pwd -P)/${node##*/} ;; esac
    return
  fi
  old=''
  for each in "$(command -v node || true)" /usr/local/bin/node /opt/homebrew/bin/node /usr/bin/node \
    "${HOME-}"/.volta/bin/node "${HOME-}"/.nvm/versions/node/*/bin/node; do
    case $each in /*) [ -x "$each" ] || continue ;; *) continue ;; esac
    if is_new_enough "$each"; then
      node=$each
      return
    fi
    old="$each is $("$each" --version 2>/dev/null || echo broken)"
  done
  [ -z "$old" ] || fail "skein needs Node.js 20.19 or newer; $old." 'Install a newer Node.js, or name one: ./install.sh --node FILE'
  fail 'no Node.js was found.' 'Install Node.js 20.19 or newer, or name one: ./install.sh --node FILE'
}

require_git() {
  command -v git >/dev/null 2>&1 || fail 'no git is on the PATH.' 'Install git 2.31 or newer.'
  found=$(git --version 2>/dev/null | sed -n 's/^git version \([0-9]*\.[0-9]*\).*/\1/p')
  major=${found%%.*} minor=${found#*.}
  if [ "${major:-0}" -gt 2 ] || { [ "${major:-0}" -eq 2 ] && [ "${minor:-0}" -ge 31 ]; }; then return; fi
  fail "skein needs git 2.31 or newer; this is ${found:-unknown}." 'Install a newer git.'
}

# Nothing there, or a file of ours?
is_free() { [ ! -e "$1" ] && [ ! -L "$1" ] || is_ours "$1"; }
is_ours() {
  if [ -L "$1" ]; then
    case $(readlink "$1") in *lib/skein/current/*) return 0 ;; *) return 1 ;; esac
  fi
  [ -f "$1" ] && head -n 3 "$1" | grep -q "$mark"
}

page=$prefix/share/man/man1/skein.1

require_free() {
  for each in "$prefix/bin/skein" "$prefix/bin/git-remote-skein"; do
    is_free "$each" || fail "$each is there, and not from here." "Move it away, or choose another place: ./install.sh --prefix DIR"
  done
  if [ -e "$lib/current" ] && [ ! -L "$lib/current" ]; then fail "$lib/current is no link." "Move it away."; fi
}

digest() { "$node" "$here/digest.cjs" "$1"; }

# Copies the program to its own folder, whole or not at all.
place() {
  for each in "$lib"/.new.*; do
    # Left by one that was interrupted.
    if [ -d "$each" ] && ! kill -0 "${each##*.}" 2>/dev/null; then rm -rf "$each"; fi
  done
  if [ -d "$target" ]; then
    if [ "$(digest "$target")" = "$build" ]; then return; fi
    say "repairs $target"
  fi
  new=$lib/.new.$$
  trap 'rm -rf "$new"' EXIT
  trap 'exit 130' INT TERM HUP
  mkdir -p "$lib"
  cp -R "$here/package" "$new"
  chmod -R u+w,go-w "$new"
  "$node" "$new/dist/skein.js" version >/dev/null || fail 'the program does not start here.' "$node $new/dist/skein.js version"
  if [ -d "$target" ]; then mv "$target" "$lib/.new.old.$$" && mv "$new" "$target" && rm -rf "$lib/.new.old.$$"; else mv "$new" "$target"; fi
}

# In one step: whoever starts skein meanwhile finds the old one or the new one.
point() {
  if [ "$(readlink "$2" 2>/dev/null)" = "$1" ]; then return; fi
  "$node" -e 'const fs=require("fs");const [to,link]=process.argv.slice(1);const n=link+".new."+process.pid;fs.symlinkSync(to,n);fs.renameSync(n,link)' "$1" "$2"
}

write_command() {
  file=$prefix/bin/$1
  new_file=$prefix/bin/.$1.new.$$
  {
    printf '#!/bin/sh\n# %s\n' "$mark"
    printf 'skein_node=%s\n' "$(quote "$node")"
    # shellcheck disable=SC2016
    printf '%s\n' '[ -x "$skein_node" ] || skein_node=node'
    printf 'exec "$skein_node" %s "$@"\n' "$(quote "$lib/current/dist/$1.js")"
  } >"$new_file"
  chmod 755 "$new_file"
  if [ -x "$file" ] && [ "$(cat "$file")" = "$(cat "$new_file")" ]; then rm "$new_file"; else mv -f "$new_file" "$file"; fi
}

install_all() {
  [ -f "$here/package/BUILD" ] || fail "$here has no program in it." 'Unpack the whole archive, and run its install.sh.'
  read -r version build <"$here/package/BUILD"
  find_node
  require_git
  [ "$(digest "$here/package")" = "$build" ] || fail 'the archive is damaged, or was changed.' 'Copy it again, and unpack it into an empty folder.'
  require_free
  target=$lib/$version-$build
  before=$(readlink "$lib/current" 2>/dev/null || true)
  mkdir -p "$prefix/bin" "$lib"
  place
  point "$version-$build" "$lib/current"
  write_command skein
  write_command git-remote-skein
  if is_free "$page" && mkdir -p "${page%/*}" 2>/dev/null; then point "$lib/current/dist/man/skein.1" "$page"; fi
  # The one before stays: a daemon that still runs it loads parts of it later.
  for each in "$lib"/[0-9]*-*; do
    case ${each##*/} in "$version-$build" | "${before:-none}") ;; *) rm -rf "$each" ;; esac
  done
  case $before in
    "$version-$build") say "skein $version is installed already: $prefix/bin/skein" ;;
    '') say "installed skein $version: $prefix/bin/skein" ;;
    *) say "upgraded skein to $version: $prefix/bin/skein" ;;
  esac
  case :${PATH-}: in *:"$prefix/bin":*) ;; *) say "$prefix/bin is not on your PATH: hooks and agents find skein only there." ;; esac
  go_on
}

# What runs is still the program before.
go_on() {
  is_new=no
  if [ -n "$before" ] && [ "$before" != "$version-$build" ]; then is_new=yes; fi
  skein=$prefix/bin/skein
  if [ "$service" = yes ]; then
    if [ $is_new = yes ]; then "$skein" service install --restart; else "$skein" service install; fi
  elif [ $is_new = yes ] && "$skein" service status --quiet >/dev/null 2>&1; then
    say 'The service runs the earlier program: skein service install --restart'
  elif [ $is_new = yes ] && "$skein" status --quiet >/dev/null 2>&1; then
    say 'The daemon runs the earlier program: skein down && skein up --background'
  else
    say 'Next: skein up --background, then in a checkout: skein init'
  fi
}

# Clones whose pushes would fail without the helper.
fenced_clones() {
  sed -n 's/^ *- *//p' "${SKEIN_HOME:-${HOME-}/.skein}/config.yml" 2>/dev/null | while read -r clone; do
    if git -C "$clone" config --local --get-regexp '.*' 'skein::.*' >/dev/null 2>&1 ||
      git -C "$clone" config --local --get-regexp '^url\.skein::' >/dev/null 2>&1; then
      printf '%s\n' "$clone"
    fi
  done
}

uninstall_all() {
  clones=$(fenced_clones)
  if [ -n "$clones" ] && [ $force = no ]; then
    printf 'Pushes of these clones go through skein, and would fail without it:\n%s\n' "$clones" >&2
    fail 'nothing was removed.' 'In each: skein uninstall. Or: ./install.sh --uninstall --force'
  fi
  skein=$prefix/bin/skein
  if is_ours "$skein" && [ -x "$skein" ]; then
    # Not that of another installation.
    case $("$skein" service status --json 2>/dev/null || true) in
      *'"this_program": true'*) "$skein" service uninstall || true ;;
    esac
    "$skein" down || true
  fi
  for each in "$prefix/bin/skein" "$prefix/bin/git-remote-skein" "$page"; do
    if [ -e "$each" ] || [ -L "$each" ]; then
      if is_ours "$each"; then rm -f "$each"; else say "left alone, not from here: $each"; fi
    fi
  done
  rm -rf "$lib"
  say "removed skein from $prefix"
  home=${SKEIN_HOME:-${HOME-}/.skein}
  if [ -d "$home" ]; then say "$home stays: claims, logs, kept work, keys. To remove it, too: rm -r $(quote "$home")"; fi
}

if [ $act = install ]; then install_all; else uninstall_all; fi
