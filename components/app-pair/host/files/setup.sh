#!/bin/bash
# First boot of an application server; may run again at any time.
set -euo pipefail
. /etc/minusnow/host.env

/usr/local/lib/minusnow/packages

sysctl -q -p /etc/sysctl.d/90-minusnow.conf
getent group "$APP_GROUP" >/dev/null || groupadd --system --gid "$APP_GID" "$APP_GROUP"
id "$APP_USER" >/dev/null 2>&1 ||
    useradd --system --uid "$APP_UID" --gid "$APP_GROUP" --home-dir "$APP_DIRECTORY" --no-create-home --shell /usr/sbin/nologin "$APP_USER"

while read -r source target rest; do
    mkdir -p "$target"
    grep -qs " $target " /etc/fstab || echo "$source $target $rest" >>/etc/fstab
done </etc/minusnow/fstab

systemctl daemon-reload
systemctl enable minusnow-storage.service minusnow.service
systemctl start minusnow-storage.service minusnow-environment.service

# A release that cannot be installed is not tried for ever: whoever releases the next one reaches a machine that has booted.
for _ in 1 2 3; do
    ! /usr/local/lib/minusnow/release.mjs first || break
    sleep 20
done
