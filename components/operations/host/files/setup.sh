#!/bin/bash
# First boot of the operations machine; may run again at any time.
set -euo pipefail
. /etc/minusnow/host.env

/usr/local/lib/minusnow/packages
# Some kernels have it in a package of their own.
if [ -n "${STORAGE_SECRET_ID:-}" ] && ! modinfo cifs >/dev/null 2>&1; then
    apt-get install -y "linux-modules-extra-$(uname -r)"
fi
while read -r source target rest; do
    mkdir -p "$target"
    grep -qs " $target " /etc/fstab || echo "$source $target $rest" >>/etc/fstab
done </etc/minusnow/fstab
systemctl daemon-reload
systemctl enable minusnow-storage.service
# Without waiting: creating the database needs no files.
systemctl start --no-block minusnow-storage.service
