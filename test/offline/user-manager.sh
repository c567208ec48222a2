#!/bin/sh
# Runs a script under a user manager of systemd of its own, in namespaces where nothing of this machine is touched:
#   unshare --mount --net --pid --fork --cgroup --mount-proc user-manager.sh HOME SCRIPT
set -eu
umount --recursive /sys/fs/cgroup
mount -t cgroup2 none /sys/fs/cgroup
mount -t tmpfs none /run
mkdir -p /run/systemd/system /run/manager
chmod 700 /run/manager
own=/sys/fs/cgroup/skein-test-$(date +%s)
mkdir "$own"
echo $$ >"$own/cgroup.procs"

export HOME="$1" XDG_RUNTIME_DIR=/run/manager
env -i PATH=/usr/bin:/bin HOME="$HOME" XDG_RUNTIME_DIR="$XDG_RUNTIME_DIR" /lib/systemd/systemd --user >/dev/null 2>&1 &
manager=$!
tries=0
until systemctl --user show-environment >/dev/null 2>&1; do
  tries=$((tries + 1))
  [ "$tries" -lt 200 ] || exit 77
  sleep 0.05
done
status=0
sh -euc "$2" || status=$?

echo $$ >/sys/fs/cgroup/cgroup.procs
kill -9 "$manager" 2>/dev/null || true
echo 1 >"$own/cgroup.kill" 2>/dev/null || true
tries=0
until find "$own" -depth -type d -exec rmdir {} + 2>/dev/null; do
  tries=$((tries + 1))
  [ "$tries" -lt 40 ] || break
  sleep 0.05
done
exit $status
