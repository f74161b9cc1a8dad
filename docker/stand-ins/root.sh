#!/bin/sh
# What the stand-ins are made of, from Debian's packages: root.sh OUT [MIRROR] makes OUT/root.tar, the root of the images of node and
# postgres, and the folders OUT/nats and OUT/postgres with the programs that only those have.
set -eu
out="$1"
root="$out/root"

mkdir -p "$out"
debootstrap --variant=minbase \
  --include=ca-certificates,libstdc++6,libgcc-s1,locales,nats-server,netbase,nftables,postgresql-client-15,tzdata \
  bookworm "$root" ${2:+"$2"}

# A server of Go that asks the C library for names only: with that it runs in an image that has nothing else.
mkdir -p "$out/nats"
cp "$root/usr/sbin/nats-server" "$out/nats/"
chroot "$root" ldd /usr/sbin/nats-server | grep -o '/lib[^ ]*' | while read -r library; do
  mkdir -p "$out/nats$(dirname "$library")"
  cp -L "$root$library" "$out/nats$library"
done
mkdir -p "$out/postgres/client"
cp "$root/usr/lib/postgresql/15/bin/psql" "$root/usr/lib/postgresql/15/bin/pg_isready" "$out/postgres/client/"

# Not in an archive, which would go with the package.
chroot "$root" localedef --no-archive -i en_US -f UTF-8 en_US.UTF-8
chroot "$root" dpkg --purge nats-server postgresql-client-15 postgresql-client-common \
  libperl5.36 perl-modules-5.36 perl locales libc-l10n
rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/var/log/* "$root"/usr/share/doc/* "$root"/usr/share/man/* \
  "$root"/usr/share/info/* "$root"/var/cache/debconf/*-old "$root"/var/lib/dpkg/*-old
find "$root/usr/share/locale" -mindepth 1 -maxdepth 1 -type d -exec rm -rf {} +

tar -C "$root" --numeric-owner --sort=name -cf "$out/root.tar" .
rm -rf "$root"
