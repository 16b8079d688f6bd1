#!/bin/sh
# Installs the dependencies that package-lock.json names, unless node_modules already holds exactly those.
# npm runs this before every command of the project, so a fresh clone needs no step of its own.
set -eu
cd "$(dirname "$0")/.."
stamp=node_modules/.c1mlab-installed
if [ -f "$stamp" ] && cmp -s package-lock.json "$stamp"; then exit 0; fi
echo 'c1mlab: installing dependencies (once) ...' >&2
npm ci --loglevel=error >&2
cp package-lock.json "$stamp"
