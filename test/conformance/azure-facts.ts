/* eslint-disable @typescript-eslint/no-explicit-any, @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-assignment, @typescript-eslint/no-unsafe-argument, @typescript-eslint/no-unsafe-return */
import { hoursBetweenEvents } from "../../policy/model/schedule";
import type { Planned, PlannedStack } from "../support/plans";
import { filesOf, readinessFirst, untagged } from "./aws-facts";
import type { Facts } from "./facts";

/** Inputs of a planned resource are JSON of many shapes. */
type Fields = Record<string, any>;
const text = (value: unknown) => JSON.stringify(value);
const SECRETS_USER = "4633458b-17de-408a-b874-0445c86b69e6";

/** The facts of a plan on Azure. */
export function azureFacts(at: PlannedStack): Facts {
    const { one, all } = at;
    const gateway = one("network.ApplicationGateway").inputs as Fields;
    const probe = gateway["probes"][0] as Fields;
    const backend = gateway["backendHttpSettingsCollection"][0] as Fields;
    const headers = gateway["rewriteRuleSets"][0]["rewriteRules"][0]["actionSet"][
        "responseHeaderConfigurations"
    ] as Fields[];
    const waf = one("network.WebApplicationFirewallPolicy").inputs as Fields;
    const servers = all("compute.VirtualMachine").filter(({ name }) => /-app\d$/.test(name));
    const server = servers[0]!.inputs as Fields;
    const cards = all("network.NetworkInterface").filter(({ name }) => /-app\d$/.test(name));
    const primary = one("dbforpostgresql.Server", "-primary").inputs as Fields;
    const replica = one("dbforpostgresql.Server", "-replica").inputs as Fields;
    const settings = all("dbforpostgresql.Configuration").filter(({ name }) => name.includes("-primary-"));
    const secrets = all("keyvault.Secret");
    const admin = secrets.find(({ name }) => name.endsWith("-db-admin"))!;
    const files = one("storage.StorageAccount", "-files");
    const cluster = one("redisenterprise.RedisEnterprise").inputs as Fields;
    const cache = one("redisenterprise.Database").inputs as Fields;
    const vault = one("keyvault.Vault").inputs["properties"] as Fields;
    const alerts = [...all("monitor.MetricAlert"), ...all("monitor.ScheduledQueryRule")].filter(({ inputs }) =>
        text(inputs["tags"]).includes('"metric"'),
    );
    const locked = (name: string) =>
        all("authorization.ManagementLockByScope").some((lock) => lock.name.endsWith(name));
    const diagnostic = (name: string) =>
        all("monitor.DiagnosticSetting").some((setting) => setting.name.endsWith(name));
    const script = (kind: string) =>
        (one("compute.VirtualMachineRunCommandByVirtualMachine", `-backup-${kind}`).inputs["source"] as Fields)[
            "script"
        ] as string;
    const rules = (one("storage.ManagementPolicy").inputs["policy"] as Fields)["rules"] as Fields[];
    const days = (kind: string) =>
        rules.find(({ name }) => name === kind)!["definition"]["actions"]["baseBlob"]["delete"][
            "daysAfterModificationGreaterThan"
        ] as number;
    const backup = (kind: string) => ({
        everyHours: hoursBetweenEvents(/^OnCalendar=(.*)$/m.exec(script(kind))![1]!),
        days: days(kind),
    });
    const readable = (identity: string) => {
        const principal = outputs(at, one("managedidentity.UserAssignedIdentity", identity))["principalId"];
        return secrets
            .filter((secret) =>
                all("authorization.RoleAssignment").some(
                    ({ inputs }) =>
                        inputs["principalId"] === principal &&
                        inputs["scope"] === idOf(at, secret) &&
                        text(inputs["roleDefinitionId"]).includes(SECRETS_USER),
                ),
            )
            .map(({ name }) => name);
    };
    const action = (level: string) => text(alerts.find(({ name }) => name.endsWith(`-${level}`))!.inputs["actions"]);
    return {
        outputs: Object.keys(at.plan.outputs),
        entry: {
            publicPorts: inbound(at, "edge")
                .filter((rule) => rule["sourceAddressPrefix"] === "Internet")
                .map((rule) => Number(rule["destinationPortRange"])),
            redirect: gateway["redirectConfigurations"][0]["redirectType"] === "Permanent" ? "permanent" : "other",
            tls: /^AppGwSslPolicy2022/.test(gateway["sslPolicy"]["policyName"]) ? "1.2" : "other",
            headers: Object.fromEntries(
                headers
                    .filter(({ headerValue }) => headerValue !== "")
                    .map(({ headerName, headerValue }) => [headerName, headerValue]),
            ),
            check: {
                path: probe["path"],
                interval: probe["interval"],
                timeout: probe["timeout"],
                fall: probe["unhealthyThreshold"],
                status: probe["match"]["statusCodes"][0],
            },
            sticky: backend["cookieBasedAffinity"] === "Enabled",
            drainSeconds: backend["connectionDraining"]["drainTimeoutInSec"],
            timeoutSeconds: backend["requestTimeout"],
            zones: (gateway["zones"] as unknown[]).length,
            protected: locked("-lb"),
            logged: diagnostic("-gateway"),
        },
        firewall: {
            managedRules:
                waf["policySettings"]["mode"] === "Prevention" &&
                (waf["managedRules"]["managedRuleSets"] as unknown[]).length > 0,
            perMinute: waf["customRules"][0]["rateLimitThreshold"],
            logged: diagnostic("-gateway"),
        },
        servers: {
            zones: servers.map(({ inputs }) => (inputs["zones"] as string[])[0]!),
            addresses: cards.map(({ inputs }) => (inputs["ipConfigurations"] as Fields[])[0]!["privateIPAddress"]),
            size: server["hardwareProfile"]["vmSize"],
            publicAddress: text(cards.map(({ inputs }) => inputs)).includes("publicIPAddress"),
            diskKey: "diskEncryptionSet" in server["storageProfile"]["osDisk"]["managedDisk"],
            passwordLogin: server["osProfile"]["linuxConfiguration"]["disablePasswordAuthentication"] !== true,
            kept: servers.every(({ options }) => options.ignoreChanges?.includes("osProfile") === true),
            files: filesOf(Buffer.from(server["osProfile"]["customData"], "base64").toString()),
            readable: readable("-app"),
        },
        database: {
            version: primary["version"],
            standby: primary["highAvailability"]["mode"] === "ZoneRedundant",
            replicaElsewhere: primary["availabilityZone"] !== replica["availabilityZone"],
            storageGib: primary["storage"]["storageSizeGB"],
            customerKey: primary["dataEncryption"]["type"] === "AzureKeyVault",
            public: primary["network"]["publicNetworkAccess"] !== "Disabled",
            tls: settings.some(
                ({ inputs }) =>
                    text(inputs).includes('"require_secure_transport"') && (inputs["value"] as unknown) === "on",
            ),
            recoveryDays: primary["backup"]["backupRetentionDays"],
            protected: locked("-db-primary"),
            settings: Object.fromEntries(
                settings.map(({ inputs }) => {
                    const [name, value] = [inputs["configurationName"] as string, inputs["value"] as string];
                    return [name, azureUnits(name, value)];
                }),
            ),
            adminSecret: admin.name,
            adminSecretReaders: all("authorization.RoleAssignment")
                .filter(({ inputs }) => inputs["scope"] === idOf(at, admin))
                .map(({ name }) => name),
        },
        storage: {
            directories: all("storage.FileShare").map(({ inputs }) => inputs["shareName"] as string),
            tls: (files.inputs["enableHttpsTrafficOnly"] as unknown) === true,
            customerKey: (files.inputs["encryption"] as Fields)["keySource"] === "Microsoft.Keyvault",
            zones: ((files.inputs["sku"] as Fields)["name"] as string).endsWith("_ZRS"),
            protected: files.options.protect === true,
        },
        sessions: {
            failover: cluster["highAvailability"] === "Enabled",
            tls: cache["clientProtocol"] === "Encrypted",
            policy: { AllKeysLRU: "allkeys-lru" }[cache["evictionPolicy"] as string] ?? "other",
            private: cluster["publicNetworkAccess"] === "Disabled",
        },
        secrets: {
            lengths: at.all("index.RandomPassword").map(({ inputs }) => inputs["length"] as number),
            keyRotates: text(one("keyvault.Key").inputs).includes('"rotate"'),
            recoverableDays: vault["enablePurgeProtection"] ? vault["softDeleteRetentionInDays"] : 0,
        },
        network: {
            space: (one("network.VirtualNetwork").inputs["addressSpace"] as Fields)["addressPrefixes"][0],
            subnets: Object.fromEntries(
                all("network.Subnet").map(({ name, inputs }) => {
                    const role = name.replace(/^.*-net-/, "");
                    return [/\d$/.test(role) ? role : `${role}-1`, inputs["addressPrefix"] as string];
                }),
            ),
            openings: ["edge", "app", "database", "storage", "cache"].flatMap((role) =>
                inbound(at, role)
                    .filter(({ name }) => /^from-(internet|edge|app)-\d+$/.test(name))
                    .map(
                        ({ name }) => `${(name as string).split("-")[1]} -> ${role} ${(name as string).split("-")[2]}`,
                    ),
            ),
            outbound: (one("network.NetworkSecurityGroup", "-net-app").inputs["securityRules"] as Fields[])
                .filter(({ name }) => /^to-internet-/.test(name))
                .map((rule) => Number(rule["destinationPortRange"])),
            flowLogs: all("network.FlowLog").length === 1,
            translation: all("network.NatGateway").length,
            privateServices: all("network.PrivateEndpoint").flatMap(
                ({ inputs }) => (inputs["privateLinkServiceConnections"] as Fields[])[0]!["groupIds"] as string[],
            ),
        },
        alerts: alerts.map((alert) => ({
            metric: (alert.inputs["tags"] as Fields)["metric"],
            level: (alert.inputs["tags"] as Fields)["level"],
            above: threshold(alert),
        })),
        receivers: { warning: action("warning"), critical: action("critical") },
        probes: all("applicationinsights.WebTest").map(
            ({ inputs }) => new URL((inputs["request"] as Fields)["requestUrl"]).pathname,
        ),
        dashboard: all("applicationinsights.Workbook").length === 1,
        serviceDown: all("monitor.MetricAlert").some(({ name }) => name.endsWith("-watch-down")),
        backups: {
            database: backup("database"),
            files: backup("files"),
            "audit-logs": backup("audit-logs"),
            configuration: { days: days("configuration") },
        },
        backupsLocked: all("storage.BlobContainerImmutabilityPolicy").length === all("storage.BlobContainer").length,
        backupsCopied: ((one("storage.StorageAccount", "-backup").inputs["sku"] as Fields)["name"] as string).includes(
            "GRS",
        ),
        backupFailureTold: all("monitor.ScheduledQueryRule").some(({ name }) => name.endsWith("-backup-failed")),
        archiveIsCold: script("audit-logs").includes("TIER=Archive"),
        tagged: { missing: untagged(at.resources.filter(({ inputs }) => "tags" in inputs)) },
        readinessFirst: readinessFirst(at),
    };
}

function inbound(at: PlannedStack, role: string): Fields[] {
    const group = at.one("network.NetworkSecurityGroup", `-net-${role}`);
    return (group.inputs["securityRules"] as Fields[]).filter(
        ({ direction, access }) => direction === "Inbound" && access === "Allow",
    );
}

function outputs(at: PlannedStack, planned: Planned): Record<string, unknown> {
    return at.plan.resources.find(({ urn }) => urn === planned.urn)!.outputs;
}

function idOf(at: PlannedStack, planned: Planned): string {
    return at.plan.resources.find(({ urn }) => urn === planned.urn)!.id;
}

const BLOCKS_PER_GIB = 131_072;
/** GiB of Standard_D8ds_v5. */
const MEMORY_GIB = 32;

/** A value in the guide's unit. */
function azureUnits(name: string, value: string): string {
    if (["shared_buffers", "effective_cache_size"].includes(name)) {
        return `${(100 * Number(value)) / (MEMORY_GIB * BLOCKS_PER_GIB)} % of memory`;
    }
    return ["maintenance_work_mem", "work_mem"].includes(name) ? `${Number(value) / 1024}MB` : value;
}

/** The value above which an alert is raised, in the guide's unit. */
function threshold({ inputs }: Planned): number {
    const condition = (inputs["criteria"] as Fields)["allOf"][0] as Fields;
    const value = condition["threshold"] as number;
    if (condition["operator"] === "LessThan") {
        return 100 - value;
    }
    return /TotalTime$/.test(condition["metricName"] ?? "") ? value / 1000 : value;
}
