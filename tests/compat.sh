#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds and tests against ngtcp2 1.11 of bookworm-backports, beside the one that is
# installed: `make check-compat`. The packages are fetched by apt with lists and a cache
# of their own and unpacked into a folder; nothing is installed, /etc is left alone.
#
#	SRCDIR BUILDDIR		the sources; what the folder `compat` is made in
#	COMPAT_MIRROR		http://deb.debian.org/debian
#	COMPAT_TARGETS		check
set -eu

top=${BUILDDIR:-.}/compat
mirror=${COMPAT_MIRROR:-http://deb.debian.org/debian}
suite=bookworm-backports
packages="libngtcp2-16 libngtcp2-dev"
packages="$packages libngtcp2-crypto-gnutls8 libngtcp2-crypto-gnutls-dev"
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

die() {
	echo "check-compat: $*" >&2
	exit 1
}

command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null ||
	die "needs apt-get and dpkg-deb (Debian 12)"
SRCDIR=$(cd "${SRCDIR:-.}" && pwd)
mkdir -p "$top/lists/partial" "$top/cache/archives/partial" "$top/debs"
top=$(cd "$top" && pwd)
root=$top/root

fetch() {
	echo "deb [signed-by=$keyring] $mirror $suite main" >"$top/sources.list"
	set -- -qq -o Dir::Etc::sourcelist="$top/sources.list" \
		-o Dir::Etc::sourceparts=/dev/null -o Dir::State::lists="$top/lists" \
		-o Dir::Cache="$top/cache" -o APT::Sandbox::User=root \
		-o Acquire::Languages=none
	apt-get "$@" update || die "no list of $suite from $mirror"
	# shellcheck disable=SC2086
	(cd "$top/debs" && apt-get "$@" -t "$suite" download $packages) ||
		die "no packages from $mirror"
}

unpack() {
	for deb in "$top"/debs/*.deb; do
		dpkg-deb -x "$deb" "$root"
	done
}

ls "$top"/debs/*.deb >/dev/null 2>&1 || fetch
unpack
lib=$(dirname "$(find "$root" -name libngtcp2.so | head -n 1)")
[ -d "$lib" ] || die "no libngtcp2.so in $root"
version=$(sed -n 's/^Version: //p' "$lib/pkgconfig/libngtcp2.pc")
echo "check-compat: ngtcp2 $version in $root"

mkdir -p "$top/build"
cd "$top/build"
# What configure takes from the environment goes before what pkg-config says.
NGTCP2_CFLAGS="-I$root/usr/include"
NGTCP2_LIBS="-L$lib -Wl,-rpath,$lib -lngtcp2_crypto_gnutls -lngtcp2"
[ -f Makefile ] || "$SRCDIR/configure" --enable-werror CFLAGS='-O1 -g' \
	NGTCP2_CFLAGS="$NGTCP2_CFLAGS" NGTCP2_LIBS="$NGTCP2_LIBS" >configure.out 2>&1 ||
	die "configure: see $top/build/configure.out"
make -j"$(nproc)"
./meshtui --version | grep -F "ngtcp2 $version" ||
	die "that is another ngtcp2: $(./meshtui --version)"
# shellcheck disable=SC2086
make ${COMPAT_TARGETS:-check}
