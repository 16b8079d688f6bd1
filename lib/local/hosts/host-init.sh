#!/usr/bin/env bash
# The first process of a local host: lays out its file system and network, starts the supervisor of its units, then does nothing but
# wait. It runs in mount, network, process and host-name namespaces of its own, and ends when standard input closes, which happens
# however the operator's process ends, or with the supervisor; the kernel then kills everything on the host, and mounts and files go
# with the last process.
# Usage: host-init.sh NAME IP_PROGRAM NODE ASSETS BUILD RESULTS PROGRAMS N [SERVER FOLDER BUILD_OF_IT]... [ENTRY_OF_TMP_TO_KEEP]...
# (RESULTS may be empty; N servers come from folders outside ASSETS)
set -euo pipefail
trap '' TERM INT HUP QUIT
umask 022
name=$1 ip=$2 node=$3 assets=$4 build=$5 results=$6 programs=$7 outside=$8
shift 8

# Whatever is bound below is opened first: it may lie under a folder that gets hidden (a checkout in /tmp, or in /opt/c1mlab).
exec {opt}</opt {tmp}</tmp {node}<"$node" {assets}<"$assets" {build}<"$build" {programs}<"$programs"
if [ -n "$results" ]; then exec {results}<"$results"; fi
declare -A outside_folder=() outside_build=()
for ((; outside > 0; outside--)); do
  exec {folder}<"$2" {its_build}<"$3"
  outside_folder[$1]=$folder outside_build[$1]=$its_build
  shift 3
done

# Makes $2 show what descriptor $1 (or a path under it) is. Canonical paths would lead to what hides it.
show() { # descriptor[/path] target
  mount --no-canonicalize --rbind "/proc/self/fd/$1" "$2"
}

# Makes the same entry in the current folder: a folder or file is shown, a link copied, anything else left out.
keep() { # descriptor entry
  local source=/proc/self/fd/$1/$2
  if [ -L "$source" ]; then
    cp -P "$source" "./$2"
  elif [ -d "$source" ]; then
    mkdir "./$2"
    show "$1/$2" "./$2"
  elif [ -f "$source" ]; then
    : >"./$2"
    show "$1/$2" "./$2"
  fi
}

# In a user namespace a mount keeps the restrictions it was inherited with (nosuid, nodev, …): they must be repeated.
make_read_only() { # target
  local options='' mounted flags
  while read -r _ _ _ _ mounted flags _; do
    if [ "$mounted" = "$1" ]; then options=$flags; fi
  done </proc/self/mountinfo
  mount -o "remount,bind,ro${options#r[ow]}" "$1"
}

mount -t tmpfs -o mode=755 c1mlab /opt
cd /opt
shopt -s nullglob dotglob
for entry in "/proc/self/fd/$opt"/*; do
  entry=${entry##*/}
  if [ "$entry" != c1mlab ]; then keep "$opt" "$entry"; fi
done
mkdir -p c1mlab/{assets,build,results,runs,run/units,tmp,bin}
cd c1mlab
chmod 1777 tmp
show "$assets" assets
make_read_only /opt/c1mlab/assets
show "$build" build
if [ "${#outside_folder[@]}" -gt 0 ]; then
  # The assets have no place to mount them on: a folder of the same content that has.
  mount -t tmpfs -o mode=755 c1mlab assets/servers
  cd assets/servers
  for entry in "/proc/self/fd/$assets/servers"/*; do keep "$assets/servers" "${entry##*/}"; done
  for server in "${!outside_folder[@]}"; do
    mkdir -p "$server" "/opt/c1mlab/build/servers/$server"
    show "${outside_folder[$server]}" "$server"
    show "${outside_build[$server]}" "/opt/c1mlab/build/servers/$server"
    folder=${outside_folder[$server]} its_build=${outside_build[$server]}
    exec {folder}<&- {its_build}<&-
  done
  for entry in *; do
    if [ ! -L "$entry" ]; then make_read_only "/opt/c1mlab/assets/servers/$entry"; fi
  done
  make_read_only /opt/c1mlab/assets/servers
  cd /opt/c1mlab
fi
if [ -n "$results" ]; then show "$results" results; fi
cp -r "/proc/self/fd/$programs"/. bin/
ln bin/ask-supervisor bin/systemctl
ln bin/ask-supervisor bin/systemd-run
echo '{"type":"module"}' >bin/supervisor/package.json
mkfifo -m 600 run/units/.requests
: >bin/node
show "$node" bin/node

mount -t tmpfs -o mode=1777 c1mlab /tmp
cd /tmp
for entry in "$@"; do keep "$tmp" "$entry"; done
if [ -d /dev/shm ]; then mount -t tmpfs -o mode=1777 c1mlab /dev/shm; fi
cd /
exec {opt}<&- {tmp}<&- {node}<&- {assets}<&- {build}<&- {programs}<&-
if [ -n "$results" ]; then exec {results}<&-; fi

if command -v hostname >/dev/null; then hostname "$name"; fi
# Commands wait at the pipe until it is there. In a package it is JavaScript.
NODE_COMPILE_CACHE=/opt/c1mlab/build/compiled /opt/c1mlab/bin/node --max-semi-space-size=1 --max-old-space-size=64 \
  /opt/c1mlab/bin/supervisor/main.[jt]s </dev/null >/dev/null &
echo mounted

# The operator now writes the files of the layout and attaches the interface.
read -r _
if [ -f /etc/hosts ]; then
  cat /etc/hosts /opt/c1mlab/run/hosts >/opt/c1mlab/run/etc-hosts
  mount --bind /opt/c1mlab/run/etc-hosts /etc/hosts
fi
"$ip" link set dev eth0 addrgenmode none 2>/dev/null || true
"$ip" -batch /opt/c1mlab/run/network
echo ready

# Whatever the operator says now means nothing; the end of it does.
cat <&0 >/dev/null &
wait -n
