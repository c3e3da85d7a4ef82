#!/bin/bash
# Mounts every shared directory, however long the file server takes to answer, and hands it to the application's user.
set -euo pipefail
set -a
. /etc/minusnow/host.env
set +a

while read -r _ target _; do
    until mountpoint -q "$target"; do
        [ -z "${SHARE_LOGIN:-}" ] || /usr/local/lib/minusnow/share-login.mjs || true
        mount "$target" || sleep 5
    done
    [ -n "${APP_UID:-}" ] || continue
    [ "$(stat -c %u "$target")" = "$APP_UID" ] || chown "$APP_UID:$APP_GID" "$target"
    [ "$(stat -c %a "$target")" = 750 ] || chmod 750 "$target"
done </etc/minusnow/fstab
