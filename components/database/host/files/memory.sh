#!/bin/bash
# Shares of the memory that this machine has now, for PostgreSQL.
set -euo pipefail
. /etc/minusnow/host.env

memory=$(awk '/^MemTotal/ { print int($2 / 1024) }' /proc/meminfo)
umask 022
for share in $MEMORY_SHARES; do
    echo "${share%=*} = $((memory * ${share#*=} / 100))MB"
done >/etc/minusnow/postgresql/memory.conf
