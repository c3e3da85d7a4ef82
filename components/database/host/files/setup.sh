#!/bin/bash
# First boot of a database machine; may run again at any time.
set -euo pipefail
. /etc/minusnow/host.env

/usr/local/lib/minusnow/packages
/usr/local/lib/minusnow/firewall

node -e '
    const { readFileSync, writeFileSync } = require("node:fs");
    const folder = "/usr/local/lib/minusnow";
    const text = require("node:zlib").brotliDecompressSync(readFileSync(`${folder}/programs.br`));
    for (const [name, content] of Object.entries(JSON.parse(text)))
        writeFileSync(`${folder}/${name}`, content, { mode: 0o755 });
'

# The package brings a cluster of its own, which is empty.
own=$(dirname "$PG_BIN")
[ ! -e "/etc/postgresql/${own##*/}/main" ] || pg_dropcluster --stop "${own##*/}" main

install -d -o postgres -g postgres -m 0700 /var/lib/postgresql
systemctl daemon-reload
systemctl enable --now minusnow-keeper.service minusnow-backup.timer
