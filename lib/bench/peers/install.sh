#!/bin/sh
# Installs the peers that the load generator is compared with into .cache/bench, where they are missing: `sh install.sh k6@v1.8.1`.
# tsung is a system package (Debian: `apt-get install tsung`): it is used where it is, not installed.
set -eu
cd "$(dirname "$0")/../../.."
cache=$PWD/.cache/bench

for wanted in "$@"; do
  peer=${wanted%@*}
  version=${wanted#*@}
  folder=$cache/$peer-$version
  if [ -e "$folder/.installed" ]; then continue; fi
  case $peer in
    k6)
      if ! command -v go >/dev/null; then echo 'bench: k6 needs Go to be installed' >&2 && continue; fi
      echo "bench: building k6 $version (some minutes, once) ..." >&2
      GOBIN=$folder go install "go.k6.io/k6@$version" >&2 || continue
      ;;
    artillery)
      echo "bench: installing artillery $version (once) ..." >&2
      mkdir -p "$folder"
      npm install --prefix "$folder" --no-save --no-audit --no-fund --ignore-scripts --omit=optional --loglevel=error \
        "artillery@$version" >&2 || continue
      ;;
    *) continue ;;
  esac
  touch "$folder/.installed"
done
