# SPDX-License-Identifier: Apache-2.0
# The Debian packages that building cserv takes, and how they get there. Sourced by
# container/run.sh and tests/run.sh.

# Warnings of dpkg and apt about the locale help nobody here.
LC_ALL=C.UTF-8
export LC_ALL

packages_to_build="gcc g++ libc6-dev cmake ninja-build pkg-config
    libevent-dev libhttp-parser-dev libexpat1-dev libssl-dev"

# Tools count as there when their command is: it may come from elsewhere than the package.
package_present() {
    case $1 in
    ninja-build) command -v ninja ;;
    binutils) command -v readelf ;;
    gcc | g++ | cmake | pkg-config | python3 | curl | clang | clang-format | git) command -v "$1" ;;
    *)
        dpkg-query -W -f '${db:Status-Abbrev}\n' "$1" 2>/dev/null | grep '^.i '
        ;;
    esac >/dev/null
}

# Prints those of PACKAGE... that are not installed, in one line.
packages_missing() {
    list=
    for package in "$@"; do
        package_present "$package" || list="$list $package"
    done
    echo "${list# }"
}

# Installs what of PACKAGE... is missing. As an ordinary user it can only say what to do: returns 1.
packages_need() {
    if ! command -v dpkg-query >/dev/null; then
        echo "This is no Debian system: make sure yourself that you have what these packages hold:" "$@"
        return 0
    fi
    missing=$(packages_missing "$@")
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" -ne 0 ]; then
        echo "Some Debian packages are missing. Run this as root, then start me again:" >&2
        echo "apt-get install -y --no-install-recommends $missing" >&2
        return 1
    fi
    echo "Installing Debian packages: $missing"
    apt_log=$(mktemp) || return 1
    # The package lists are fetched only when installing from the present ones does not work.
    # shellcheck disable=SC2086 # the list is words
    if apt_install $missing >"$apt_log" 2>&1 ||
        { apt-get update >>"$apt_log" 2>&1 && apt_install $missing >>"$apt_log" 2>&1; }; then
        rm -f "$apt_log"
        return 0
    fi
    tail -n 20 "$apt_log" >&2
    rm -f "$apt_log"
    echo "apt-get could not install: $missing" >&2
    return 1
}

apt_install() {
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        -o DPkg::Lock::Timeout=120 "$@" </dev/null
}
