import type * as pulumi from "@pulumi/pulumi";
import { giveActions, giveRole } from "../azure-roles";
import { runOnMachine } from "../operations/azure-command";

/** What the operations machine brings into being, and how it is reached. */
export interface BootstrapArgs {
    resourceGroupName: pulumi.Input<string>;
    /** Name of the operations machine. */
    machineName: pulumi.Input<string>;
    /** Changes when the machine is another one, which then has to do it again. */
    machineIdentifier: pulumi.Input<string>;
    /** Object id of the machine's identity. */
    principalId: pulumi.Input<string>;
    host: pulumi.Input<string>;
    port: number;
    database: string;
    /** Role that owns the database. */
    owner: string;
    adminSecretId: pulumi.Input<string>;
    secretId: pulumi.Input<string>;
    /** Server to restart when settings wait for it. */
    serverId: pulumi.Input<string>;
    /** True restarts it in any case; otherwise only when its database is new. */
    mayRestart: boolean;
    rotation: number;
    tags?: { [key: string]: pulumi.Input<string> };
}

const TIMEOUT_SECONDS = 1800;
const RESTART = {
    actions: ["read", "restart/action"].map((action) => `Microsoft.DBforPostgreSQL/flexibleServers/${action}`),
};

const script = `#!/bin/bash
set -euo pipefail
cloud-init status --wait >/dev/null || true
. /etc/minusnow/host.env
export IDENTITY
exec node /usr/local/lib/minusnow/bootstrap.cjs
`;

/**
 * Creates the application's role, database and grants (guide, step 3) by a command on the operations machine. Only that
 * machine's identity may read the administrator's secret.
 */
export function bootstrapDatabase(
    name: string,
    args: BootstrapArgs,
    child: pulumi.CustomResourceOptions,
): pulumi.CustomResource {
    const { resourceGroupName, machineName, machineIdentifier, principalId, adminSecretId, secretId, tags } = args;
    const mayRead = [
        giveRole(`${name}-reads-admin`, "secretsUser", principalId, adminSecretId, child),
        giveRole(`${name}-reads-login`, "secretsUser", principalId, secretId, child),
        giveActions(`${name}-restarts`, RESTART, principalId, args.serverId, child),
    ];
    const variables: { [name: string]: pulumi.Input<string> } = {
        HOST: args.host,
        DATABASE_PORT: String(args.port),
        DATABASE: args.database,
        OWNER: args.owner,
        ADMIN_SECRET_ID: adminSecretId,
        SECRET_ID: secretId,
        SERVER_ID: args.serverId,
        RESTART: String(args.mayRestart),
        ROTATION: String(args.rotation),
    };
    return runOnMachine(
        name,
        { resourceGroupName, machineName, machineIdentifier, script, variables, timeoutSeconds: TIMEOUT_SECONDS, tags },
        { ...child, dependsOn: mayRead },
    );
}
