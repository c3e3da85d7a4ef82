import * as pulumi from "@pulumi/pulumi";
import { runOnMachine } from "../operations/azure-command";
import type { AzureBackupArgs } from "./azure";

/** A backup job of the operations machine. */
export interface Job {
    /** Name that the machine's backup program knows. */
    job: "database" | "files" | "audit-logs" | "configuration";
    /** When it runs, as systemd.time(7) writes it. */
    calendar: string;
    /** What to copy and where to; it names secrets and holds none. */
    plan: { [key: string]: pulumi.Input<unknown> };
    /** Storage tier of what it writes. Default the account's. */
    tier?: "Archive";
    /** Runs it now whenever one of these is another one. Default: it waits for its time. */
    onChangeOf?: pulumi.Input<string>;
}

const TIMEOUT_SECONDS = 1800;
/** A job that takes longer is ended and told as failed. */
const LONGEST_HOURS = 20;
const needsFiles: Job["job"][] = ["files", "audit-logs"];

/** Puts a job on the operations machine's timetable and gives the id of the command that did. */
export function scheduleJob(
    name: string,
    job: Job,
    args: AzureBackupArgs,
    child: pulumi.CustomResourceOptions,
): pulumi.Output<string> {
    const { onChangeOf } = job;
    return runOnMachine(
        name,
        {
            resourceGroupName: args.resourceGroupName,
            machineName: args.operationsMachineName,
            machineIdentifier: args.operationsMachineIdentifier,
            script: scriptOf(job),
            variables: {
                PLAN: pulumi.jsonStringify(job.plan),
                ...(onChangeOf !== undefined && { CONTENT: onChangeOf }),
            },
            timeoutSeconds: TIMEOUT_SECONDS,
            tags: args.tags,
        },
        child,
    ).id;
}

/** Parameters of a command are variables of its script. A job that was never done is done now, without waiting for it. */
function scriptOf({ job, calendar, tier, onChangeOf }: Job): string {
    const unit = `minusnow-backup-${job}`;
    const firstRun = `[ -e /var/lib/minusnow-backup/${job}.completed ] || systemctl start --no-block ${unit}.service\n`;
    return `#!/bin/bash
set -euo pipefail
cloud-init status --wait >/dev/null || true

printf '%s\\n' "$PLAN" >/etc/minusnow/backup-${job}.json

cat >/etc/systemd/system/${unit}.service <<'UNIT'
[Unit]
Description=MinusNow backup: ${job}
After=network-online.target minusnow-storage.service
Wants=network-online.target${needsFiles.includes(job) ? "\nRequires=minusnow-storage.service" : ""}

[Service]
Type=oneshot
EnvironmentFile=/etc/minusnow/host.env
Environment=PLAN=/etc/minusnow/backup-${job}.json
${tier === undefined ? "" : `Environment=TIER=${tier}\n`}ExecStart=/usr/local/lib/minusnow/backup.mjs ${job}
StateDirectory=minusnow-backup
TimeoutStartSec=${LONGEST_HOURS}h
UMask=0077
UNIT

cat >/etc/systemd/system/${unit}.timer <<'UNIT'
[Unit]
Description=MinusNow backup: ${job}

[Timer]
OnCalendar=${calendar}
Persistent=true

[Install]
WantedBy=timers.target
UNIT

systemctl daemon-reload
systemctl enable --now ${unit}.timer
${onChangeOf === undefined ? firstRun : `systemctl start ${unit}.service\n`}`;
}
