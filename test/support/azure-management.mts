/** Azure's management as far as programs on machines ask it: machines, run commands on them, a gateway, and records of DNS. */

/** What a script ended with. */
export interface Outcome {
    status: number;
    stdout: string;
    stderr: string;
}

/** What there is to manage. */
export interface Managed {
    /** Runs a script on a machine, by the machine's id in small letters. */
    run: (machineId: string, script: string) => Promise<Outcome>;
    /** Turns a machine off; resolves when it is. Default: none is. */
    turnOff?: (machineId: string) => Promise<void>;
    turnOn?: (machineId: string) => Promise<void>;
    /** Gateways by their id in small letters. */
    gateways?: Record<string, GatewayBody>;
    /** Is told what a TXT record set holds, by the name that it answers to. Default: nobody is. */
    onRecord?: (name: string, values: string[]) => void;
}

/** A gateway as Azure gives it, as far as it is looked at. */
export interface GatewayBody {
    name: string;
    etag?: string;
    properties: {
        provisioningState: string;
        backendAddressPools: { name: string; properties: { backendAddresses: { ipAddress: string }[] } }[];
        backendHttpSettingsCollection: { properties: object }[];
        gatewayIPConfigurations: { properties: { subnet: { id: string } } }[];
        frontendIPConfigurations: { properties: { publicIPAddress: { id: string } } }[];
        firewallPolicy: { id: string };
    };
    identity: { userAssignedIdentities: Record<string, object> };
}

/** One question, and whether its asker may do something to a resource. */
export interface Question {
    method: string;
    url: URL;
    body: unknown;
    may: (action: string, resource: string) => boolean;
}

export interface Answer {
    status: number;
    body?: unknown;
}

const MOST_COMMANDS = 25;
/** Azure gives the end of what a script printed. */
const MOST_BYTES = 4096;
const CHANGE_MS = 200;

const refused = (action: string, resource: string): Answer => ({
    status: 403,
    body: { error: { code: "AuthorizationFailed", message: `no authorization to perform ${action} over ${resource}` } },
});
const missing = (id: string): Answer => ({ status: 404, body: { error: { code: "ResourceNotFound", message: id } } });

interface Command {
    state: "Running" | "Succeeded" | "Failed";
    outcome?: Outcome;
}

/** Answers questions as Azure does. */
export function createManagement({ run, turnOff, turnOn, gateways = {}, onRecord }: Managed) {
    const commands = new Map<string, Command>();
    /** Names that ran once: on Linux, Azure may not run them again. */
    const used = new Set<string>();

    /** Machines that were told to stop, by what they are. */
    const power = new Map<string, "stopping" | "stopped">();

    const powered = (id: string, what: string, { may }: Question): Answer => {
        const actions: Record<string, string> = { poweroff: "powerOff/action", start: "start/action" };
        const action = `Microsoft.Compute/virtualMachines/${actions[what] ?? "instanceView/read"}`;
        if (!may(action, id)) {
            return refused(action, id);
        }
        if (what === "instanceview") {
            return { status: 200, body: { statuses: [{ code: `PowerState/${power.get(id) ?? "running"}` }] } };
        }
        if (what === "start") {
            power.delete(id);
            void turnOn?.(id);
            return { status: 202 };
        }
        power.set(id, "stopping");
        void turnOff?.(id).then(() => power.set(id, "stopped"));
        return { status: 202 };
    };

    const machine = (id: string, { method, may }: Question): Answer => {
        const action = "Microsoft.Compute/virtualMachines/read";
        return method !== "GET"
            ? missing(id)
            : may(action, id)
              ? { status: 200, body: { location: "eastus2" } }
              : refused(action, id);
    };

    const runCommand = (id: string, machineId: string, { method, body, url, may }: Question): Answer => {
        const verb = ({ GET: "read", PUT: "write", DELETE: "delete" } as Record<string, string>)[method]!;
        const action = `Microsoft.Compute/virtualMachines/runCommands/${verb}`;
        if (!may(action, machineId)) {
            return refused(action, machineId);
        }
        const known = commands.get(id);
        if (method === "PUT") {
            const { location, properties } = body as {
                location?: string;
                properties: { source: { script: string }; asyncExecution?: boolean };
            };
            const onMachine = [...commands.keys()].filter((other) => other.startsWith(`${machineId}/`));
            if (location === undefined || onMachine.length >= MOST_COMMANDS) {
                return {
                    status: 400,
                    body: {
                        error: {
                            code: "BadRequest",
                            message: location === undefined ? "location is missing" : "too many run commands",
                        },
                    },
                };
            }
            const command: Command = { state: "Running" };
            commands.set(id, command);
            if (!used.has(id)) {
                used.add(id);
                void run(machineId, properties.source.script).then((outcome) => {
                    command.outcome = outcome;
                    command.state = outcome.status === 0 ? "Succeeded" : "Failed";
                });
            }
            return { status: 201, body: {} };
        }
        if (method === "DELETE") {
            commands.delete(id);
            return { status: known ? 202 : 204 };
        }
        if (!known) {
            return missing(id);
        }
        const { state, outcome } = known;
        const instanceView = {
            executionState: state,
            ...(outcome && {
                exitCode: outcome.status,
                output: outcome.stdout.slice(-MOST_BYTES),
                error: outcome.stderr.slice(-MOST_BYTES),
            }),
        };
        const isExpanded = url.searchParams.get("$expand") === "instanceView";
        return {
            status: 200,
            body: { properties: { provisioningState: "Succeeded", ...(isExpanded && { instanceView }) } },
        };
    };

    const gateway = (id: string, { method, body, may }: Question): Answer => {
        const present = gateways[id]!;
        const { properties, identity } = present;
        const needed: [string, string][] =
            method === "GET"
                ? [["Microsoft.Network/applicationGateways/read", id]]
                : [
                      ["Microsoft.Network/applicationGateways/write", id],
                      [
                          "Microsoft.Network/virtualNetworks/subnets/join/action",
                          properties.gatewayIPConfigurations[0]!.properties.subnet.id,
                      ],
                      [
                          "Microsoft.Network/publicIPAddresses/join/action",
                          properties.frontendIPConfigurations[0]!.properties.publicIPAddress.id,
                      ],
                      [
                          "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action",
                          Object.keys(identity.userAssignedIdentities)[0]!,
                      ],
                      [
                          "Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies/join/action",
                          properties.firewallPolicy.id,
                      ],
                  ];
        const denied = needed.find(([action, resource]) => !may(action, resource));
        if (denied) {
            return refused(...denied);
        }
        if (method === "PUT") {
            if (properties.provisioningState === "Updating") {
                return { status: 409, body: { error: { code: "AnotherOperationInProgress" } } };
            }
            gateways[id] = structuredClone(body) as GatewayBody;
            const own = gateways[id].properties;
            own.provisioningState = "Updating";
            setTimeout(() => (own.provisioningState = "Succeeded"), CHANGE_MS);
        }
        return { status: 200, body: gateways[id] };
    };

    const record = (id: string, [zone, name]: [string, string], { method, body, may }: Question): Answer => {
        const action = "Microsoft.Network/dnsZones/TXT/write";
        if (method !== "PUT") {
            return missing(id);
        }
        if (!may(action, id)) {
            return refused(action, id);
        }
        const { TTL, TXTRecords = [] } = (body as { properties: { TTL?: number; TXTRecords?: { value: string[] }[] } })
            .properties;
        if (TTL === undefined || TXTRecords.length === 0) {
            return { status: 400, body: { error: { code: "BadRequest", message: "TTL or TXTRecords is missing" } } };
        }
        onRecord?.(
            `${name}.${zone}`,
            TXTRecords.map(({ value }) => value.join("")),
        );
        return { status: 200, body };
    };

    return {
        /** A machine runs again. */
        started: (id: string) => power.delete(id),
        answer: (question: Question): Answer => {
            const id = question.url.pathname.toLowerCase();
            const [, machineId] = /^(.*\/virtualmachines\/[^/]+)\/runcommands\/[^/]+$/.exec(id) ?? [];
            if (machineId !== undefined) {
                return runCommand(id, machineId, question);
            }
            const [, own, what] = /^(.*\/virtualmachines\/[^/]+)\/(poweroff|start|instanceview)$/.exec(id) ?? [];
            if (own !== undefined) {
                return powered(own, what!, question);
            }
            const [, zone, name] = /\/dnszones\/([^/]+)\/txt\/([^/]+)$/.exec(id) ?? [];
            if (zone !== undefined) {
                return record(id, [zone, name!], question);
            }
            if (id in gateways) {
                return gateway(id, question);
            }
            return /\/virtualmachines\/[^/]+$/.test(id) ? machine(id, question) : missing(id);
        },
    };
}
