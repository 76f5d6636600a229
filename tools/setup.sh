#!/bin/sh
# Installs what `make test` and `make demo` need and is missing: Debian
# packages (bindep.txt), then .venv with tox and uv (constraints.txt). Run as
# root. A second run finds everything in place and takes a moment. Words are
# profiles of bindep.txt that are wanted as well: tools/setup.sh hwlab
set -eu
cd "$(dirname "$0")/.."

LOG=.cache/log/setup.log
POLICY=/usr/sbin/policy-rc.d
our_policy=

say() { echo "setup: $*"; }
fail() { say "$*" >&2; exit 1; }

# Names in bindep.txt: those without a profile, or those of profile $1.
packages() {
    sed 's/#.*//' bindep.txt | awk -v profile="${1:+[$1]}" '
        NF && $2 == profile { print $1 }'
}

missing() {
    for package; do
        state=$(dpkg-query -W -f '${db:Status-Status}' "$package" \
            2>/dev/null) || :
        [ "$state" = installed ] || echo "$package"
    done
}

remove_policy() {
    [ -z "$our_policy" ] || rm -f "$POLICY"
    our_policy=
}

# The demo starts its own rabbitmq and Open vSwitch; those of the packages
# shall not start by themselves while they are installed (invoke-rc.d(8)).
forbid_services() {
    [ ! -e "$POLICY" ] || return 0
    trap remove_policy EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
    our_policy=yes
    printf '#!/bin/sh\nexit 101\n' >"$POLICY"
    chmod 755 "$POLICY"
}

install_missing() {
    # shellcheck disable=SC2046  # names of packages are words
    set -- $(missing "$@")
    [ $# -gt 0 ] || return 0
    [ "$(id -u)" = 0 ] || fail "installing $* needs root: use sudo"
    say "installing Debian packages: $*"
    forbid_services
    export DEBIAN_FRONTEND=noninteractive
    tools/watched.sh "$LOG" 'setup: reading the lists of packages' \
        apt-get update -q
    tools/watched.sh "$LOG" 'setup: installing them' \
        apt-get install -qqy -o Dpkg::Use-Pty=0 --no-install-recommends "$@"
    remove_policy
}

# Can it make virtual environments and build libvirt-python?
suits() {
    "$1" - 2>/dev/null <<'PYTHON'
import ensurepip, os, sys, sysconfig, venv
header = os.path.join(sysconfig.get_path('include'), 'Python.h')
sys.exit(sys.version_info < (3, 11) or not os.path.exists(header))
PYTHON
}

find_python() {
    for candidate in python3 python3.13 python3.12 python3.11 \
            /usr/bin/python3; do
        if path=$(command -v "$candidate") && suits "$path"; then
            "$path" -c 'import sys; print(sys.executable)'
            return
        fi
    done
}

# What .venv was made from; another answer makes it anew.
fingerprint() {
    { cat constraints.txt tools/setup.sh; "$1" -VV; echo "$1 $PWD"; } |
        sha256sum
}

make_venv() {
    stamp=.venv/setup-done
    wanted=$(fingerprint "$1")
    [ "$(cat $stamp 2>/dev/null)" != "$wanted" ] || return 0
    say "making .venv with tox and uv, using $1"
    rm -rf .venv
    "$1" -m venv .venv
    tools/watched.sh "$LOG" 'setup: installing tox and uv' \
        .venv/bin/pip install -q --disable-pip-version-check \
        -c constraints.txt tox tox-uv uv
    echo "$wanted" >$stamp
}

[ -e /etc/debian_version ] ||
    fail 'this is not Debian: install the packages of bindep.txt by hand,' \
        'then tox and tox-uv into .venv'
python=$(find_python)
needed=$(packages)
[ -n "$python" ] || needed="$needed $(packages python)"
for profile; do needed="$needed $(packages "$profile")"; done
# shellcheck disable=SC2086  # names of packages are words
install_missing $needed
: "${python:=$(find_python)}"
[ -n "$python" ] ||
    fail 'no Python >= 3.11 with venv and headers, not even after' \
        "installing $(packages python | tr '\n' ' '): Debian 12 has one"
make_venv "$python"
say 'all there'
