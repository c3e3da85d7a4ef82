#!/bin/bash
# Mounts the volume with the files, however long it takes until it is attached. It is formatted only when nothing is on it:
# no file system that is known, and nothing but zeros where one would begin.
set -euo pipefail

until [ -b "$VOLUME_DEVICE" ]; do
    sleep 2
    # As newer images of Azure show it.
    other=/dev/disk/azure/data/by-lun/${VOLUME_DEVICE##*lun}
    [ ! -b "$other" ] || VOLUME_DEVICE=$other
done
if ! blkid --probe "$VOLUME_DEVICE" >/dev/null && cmp --silent --bytes=1048576 "$VOLUME_DEVICE" /dev/zero; then
    mkfs.ext4 -q "$VOLUME_DEVICE"
fi
mkdir -p "$EXPORTS"
mountpoint -q "$EXPORTS" || mount -t ext4 -o nodev,nosuid,noexec "$VOLUME_DEVICE" "$EXPORTS"
# What the volume has gained since.
resize2fs "$VOLUME_DEVICE" || echo "the file system did not grow" >&2
for directory in $DIRECTORIES; do
    install -d -o "$APP_UID" -g "$APP_GID" -m 0750 "$EXPORTS/$directory"
done
