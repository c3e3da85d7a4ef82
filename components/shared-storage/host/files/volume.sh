#!/bin/bash
# Mounts the volume with the files, however long it takes until it is attached. It is formatted only when nothing is on it.
set -euo pipefail

until [ -b "$VOLUME_DEVICE" ]; do sleep 2; done
blkid --probe "$VOLUME_DEVICE" >/dev/null || [ $? -ne 2 ] || mkfs.ext4 -q "$VOLUME_DEVICE"
mkdir -p "$EXPORTS"
mountpoint -q "$EXPORTS" || mount -t ext4 -o nodev,nosuid,noexec "$VOLUME_DEVICE" "$EXPORTS"
for directory in $DIRECTORIES; do
    install -d -o "$APP_UID" -g "$APP_GID" -m 0750 "$EXPORTS/$directory"
done
