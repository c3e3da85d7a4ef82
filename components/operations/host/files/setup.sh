#!/bin/bash
# First boot of the operations machine; may run again at any time.
set -euo pipefail

/usr/local/lib/minusnow/packages
while read -r source target rest; do
    mkdir -p "$target"
    grep -qs " $target " /etc/fstab || echo "$source $target $rest" >>/etc/fstab
done </etc/minusnow/fstab
systemctl daemon-reload
systemctl enable minusnow-storage.service
# Without waiting: creating the database needs no files.
systemctl start --no-block minusnow-storage.service
