#!/usr/bin/env bash
# Holds the network that joins the local lab's hosts: runs in namespaces of its own, makes the bridge, then attaches each host
# that standard input names (index, process id, hardware address). It ends when standard input closes, which happens however the
# operator's process ends; the bridge goes with it.
# Usage: bridge.sh IP_PROGRAM
set -euo pipefail
trap '' TERM INT HUP QUIT
ip=$1

# br_netfilter, where it is loaded, would take every packet of the bridge through the firewall's hooks.
for switch in /proc/sys/net/bridge/bridge-nf-call-*; do
  if [ -w "$switch" ]; then echo 0 >"$switch" || true; fi
done
"$ip" link add br0 type bridge
# Nothing here multicasts, and IPv6 is not used: no link-local addresses, no group reports. A kernel without either is fine.
"$ip" link set dev br0 type bridge mcast_snooping 0 2>/dev/null || true
"$ip" link set dev br0 addrgenmode none 2>/dev/null || true
"$ip" link set dev br0 up
echo bridged

while read -r index pid hardware_address; do
  "$ip" link add "host$index" type veth peer name eth0 address "$hardware_address" netns "$pid"
  "$ip" link set dev "host$index" addrgenmode none 2>/dev/null || true
  "$ip" link set dev "host$index" master br0 up
  echo "attached $index"
done
