#!/bin/bash
# Mounts every shared directory, however long the file server takes to answer.
set -euo pipefail

while read -r _ target _; do
    until mountpoint -q "$target"; do
        mount "$target" || sleep 5
    done
done </etc/minusnow/fstab
