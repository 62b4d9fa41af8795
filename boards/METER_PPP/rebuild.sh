#!/usr/bin/env bash
# Rebuild METER_PPP-1.26.1.uf2 from Debian's source packages, unpatched, and compare its hash.
#
#   boards/METER_PPP/rebuild.sh [WORK_FOLDER]      (default: build/METER_PPP; 2 minutes on 2 cores, 450 MB)
#
# The packages are of the suites trixie and sid, newer than a stable machine's own: they are only
# downloaded, through an apt state of their own in the work folder; nothing is installed or upgraded.
# The hash is the same with Debian 12's compiler (arm-none-eabi-gcc 12.2.rel1); with another one the
# image works the same and its hash differs.
set -euo pipefail

board=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$board/../.." && pwd)
work=$(realpath -m "${1:-$root/build/METER_PPP}")
image=METER_PPP-1.26.1.uf2
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
# The day of the committed image: MicroPython prints it, so the hash holds it.
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(date -u -d 2026-11-22 +%s)}
export TZ=UTC LC_ALL=C

fail() { echo "rebuild: $*" >&2; exit 1; }

check_tools() {
    local missing=()
    for tool in cmake make gcc arm-none-eabi-gcc arm-none-eabi-g++ python3 apt-get dpkg-deb xz bzip2; do
        command -v "$tool" >/dev/null || missing+=("$tool")
    done
    [ ${#missing[@]} -eq 0 ] || fail "no ${missing[*]}: apt-get install cmake make gcc python3" \
        "xz-utils bzip2 gcc-arm-none-eabi libnewlib-arm-none-eabi libstdc++-arm-none-eabi-newlib"
    [ -f "$keyring" ] || fail "no $keyring: apt-get install debian-archive-keyring"
}

private_apt() {
    mkdir -p "$work"/apt/{sources,state/lists/partial,cache/archives/partial} "$work/dl"
    : >"$work/apt/status"
    for suite in trixie sid; do
        printf 'Types: deb deb-src\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: %s\n' \
            "$mirror" "$suite" "$keyring" >"$work/apt/sources/$suite.sources"
    done
    cat >"$work/apt/apt.conf" <<EOF
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "$work/apt/sources";
Dir::State "$work/apt/state";
Dir::State::status "$work/apt/status";
Dir::Cache "$work/apt/cache";
APT::Sandbox::User "";
EOF
    export APT_CONFIG=$work/apt/apt.conf
}

verified() { (cd "$work/dl" && grep -v "$image" "$board/SHA256SUMS" | sha256sum --check --quiet "$@"); }

download() {
    if verified --status 2>/dev/null; then return; fi
    private_apt
    apt-get -qq update
    cd "$work/dl"
    apt-get -qq download pico-sdk-source=2.1.1-1 tinyusb-source=0.18.0+dfsg-1
    for source in micropython=1.26.1+ds-1 mbedtls=3.6.7-3 lwip/trixie; do
        apt-get -qq source --download-only "$source" >/dev/null
    done
    verified || fail "a source's hash is not that of SHA256SUMS; Debian may have a newer one:" \
        "put the named file from snapshot.debian.org in $work/dl"
}

# place ARCHIVE FOLDER: the tree of an archive's one folder.
place() { mkdir -p "$2"; tar xf "$work/dl/$1" -C "$2" --strip-components=1; }

# place_deb PACKAGE FOLDER: the tree that a -source package installs.
place_deb() {
    local tree=$work/deb/$1
    mkdir -p "$tree" && dpkg-deb -x "$work/dl/$1"_*.deb "$tree"
    mkdir -p "$2" && cp -a "$tree"/usr/src/*/. "$2"
}

unpack() {
    rm -rf "$work/tree" "$work/deb"
    place micropython_1.26.1+ds.orig.tar.xz "$work/tree"
    cd "$work/tree/lib"
    rm -rf pico-sdk tinyusb mbedtls lwip
    place_deb pico-sdk-source pico-sdk
    place_deb tinyusb-source tinyusb
    place mbedtls_3.6.7.orig.tar.bz2 mbedtls
    place lwip_2.2.1+dfsg1.orig.tar.xz lwip
    rm -rf pico-sdk/lib/tinyusb
    # What MicroPython's makefiles look for to believe that its submodules are there.
    mkdir -p micropython-lib
    touch pico-sdk/README.md micropython-lib/README.md
}

build() {
    make -C "$work/tree/mpy-cross" -j"$(nproc)" >"$work/mpy-cross.log" 2>&1 ||
        fail "mpy-cross: see $work/mpy-cross.log"
    cd "$work/tree/ports/rp2"
    { cmake -S . -B build -DPICO_BUILD_DOCS=0 -DPICO_NO_PICOTOOL=1 -DMICROPY_BOARD=METER_PPP \
        -DMICROPY_BOARD_DIR="$board" -DMICROPY_FROZEN_MANIFEST="$board/manifest.py" &&
        make -C build -j"$(nproc)"; } >"$work/firmware.log" 2>&1 ||
        fail "firmware: see $work/firmware.log"
}

convert() {
    (cd "$root" && python3 -m tools.image.uf2 "$work/tree/ports/rp2/build/firmware.bin" "$work/$image")
    local built committed
    built=$(sha256sum <"$work/$image") committed=$(grep "$image" "$board/SHA256SUMS")
    echo "$work/$image"
    echo "built:     ${built%% *}"
    echo "committed: ${committed%% *}"
    if [ "${built%% *}" = "${committed%% *}" ]; then echo "the same"; else echo "not the same"; fi
}

check_tools
download
unpack
build
convert
