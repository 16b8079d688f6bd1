#!/bin/sh
# Installs the dependencies that package-lock.json names, unless npm has done so since that file was written.
# npm runs this before every command of the project, so a fresh clone needs no step of its own.
set -eu
cd "$(dirname "$0")/.."
if [ -n "$(find node_modules/.package-lock.json -newer package-lock.json 2>/dev/null)" ]; then exit 0; fi
echo 'c1mlab: installing dependencies (once) ...' >&2
# npm's own waits between attempts (10 s, then 60 s) are a minute of silence for each package without a network.
npm ci --loglevel=error --fetch-retry-mintimeout=1000 --fetch-retry-maxtimeout=4000 --fetch-timeout=60000 >&2 &
npm=$!
trap 'kill "$npm" 2>/dev/null; exit 130' INT TERM HUP
seconds=0
while kill -0 "$npm" 2>/dev/null; do
  sleep 1
  seconds=$((seconds + 1))
  if [ $((seconds % 8)) -eq 0 ]; then echo "c1mlab: still installing ($seconds s) ..." >&2; fi
  if [ "$seconds" -eq 1200 ]; then kill "$npm" 2>/dev/null || true; fi
done
if ! wait "$npm"; then
  echo 'error: the dependencies could not be installed; npm says above why' >&2
  echo '  fix: check that npm reaches its registry (npm ping) and that the disk has room, then try again' >&2
  exit 3
fi
