# shellcheck shell=bash
# Sourced by systemd-run and systemctl of the local lab's hosts, which have no systemd. A unit is a folder with a file `status`, which
# reads as `systemctl show` prints; while the unit is loaded, a supervising process (one a unit) keeps it up to date.

export LC_ALL=C
units=/opt/c1mlab/run/units
program=${0##*/}

fail() { # exit code, message...
  local code=$1
  shift
  echo "$*" >&2
  exit "$code"
}

# Prints a unit's name without its ending, or fails.
unit_name() {
  local name=${1%.service}
  [[ $name =~ ^[A-Za-z0-9:_.@-]+$ && $name != .* ]] || fail 1 "$program: '$1' is not the name of a service"
  printf '%s' "$name"
}

# Prints the status of a unit; fails when it is not loaded. The file is rewritten in place: it is whole when its last line is there.
unit_status() { # name
  local text
  while [ -f "$units/$1/status" ]; do
    text=$(cat "$units/$1/status" 2>/dev/null) || return 1
    if [[ $text == *$'\n'SubState=* ]]; then
      printf '%s\n' "$text"
      return 0
    fi
  done
  return 1
}

# Prints one property of a unit; nothing when the unit is not loaded.
unit_property() { # name, property
  local text
  text=$(unit_status "$1") || return 0
  text=$'\n'$text$'\n'
  text=${text#*$'\n'"$2="}
  printf '%s' "${text%%$'\n'*}"
}

# Prints the names of loaded units whose name with its ending matches a pattern, a line each: systemd adds no ending to a pattern.
units_matching() { # pattern
  local folder
  for folder in "$units"/*/; do
    folder=${folder%/}
    # shellcheck disable=SC2053 # a pattern, as with systemctl
    if [ -f "$folder/status" ] && [[ ${folder##*/}.service == $1 ]]; then echo "${folder##*/}"; fi
  done
}

# Forgets a unit, in one step for whoever looks.
unload() { # name
  local gone
  gone=$(mktemp -d "$units/.gone-XXXXXX")
  mv "$units/$1" "$gone/" 2>/dev/null || true
  rm -rf "$gone"
}
