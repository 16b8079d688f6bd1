# shellcheck shell=bash
# Sourced by `build` and `start` of the servers that are written in Python.

# Sets python to the newest Python on the PATH, from 3.$1 on, that has pip; exits 3 when there is none.
find_python() {
  local minor
  for minor in 14 13 12 11 10; do
    python=python3.$minor
    if ((minor >= $1)) && "$python" -m pip --version >/dev/null 2>&1; then return; fi
  done
  echo "needs Python 3.$1 or newer with pip"
  exit 3
}

# Copies the source to $C1M_BUILD, and installs what requirements.txt names beside it: `build_with_pip <lowest minor version>`.
build_with_pip() {
  find_python "$1"
  cp -- ./*.py server.json "$C1M_BUILD/"
  rm -rf "$C1M_BUILD/packages"
  "$python" -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --no-deps --only-binary=:all: \
    --target "$C1M_BUILD/packages" --requirement requirements.txt
  "$python" -c 'import sys; print(sys.executable)' >"$C1M_BUILD/python"
}

# Replaces the shell by the server, with the flags of the memory preset.
exec_python() {
  local flags=()
  read -r -a flags <<<"$C1M_FLAGS"
  PYTHONPATH=$C1M_BUILD/packages exec "$(<"$C1M_BUILD/python")" "${flags[@]}" "$C1M_BUILD/server.py"
}
