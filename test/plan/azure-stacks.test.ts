import { load } from "js-yaml";
import { beforeAll, describe, expect, it } from "vitest";
import { environmentVariables, sharedDirectories } from "../../components/reference";
import { reveal } from "../../plan/engine/values";
import { dependencyTypes, everythingBefore, planned, type Planned, type PlannedStack } from "../support/plans";

const cases = ["azure-dev", "azure-staging", "azure-prod"].flatMap((stack) => [
    { stack, mode: "resolved", unknowns: false },
    { stack, mode: "with unknown values", unknowns: true },
]);

describe.each(cases)("$stack, $mode", ({ stack, unknowns }) => {
    let at: PlannedStack;
    beforeAll(async () => {
        at = await planned(stack, unknowns);
    });
    /** A requirement that only some environments or modes have. */
    const itWhen = (applies: boolean, name: string, check: () => void) => {
        if (applies) {
            it(name, check);
        }
    };
    const isProduction = stack === "azure-prod";
    const isDevelopment = stack === "azure-dev";
    const before = (resource: Planned) => everythingBefore(at, resource.urn);
    const servers = () => at.all("compute.VirtualMachine").filter(({ name }) => /-app-app\d$/.test(name));

    it("is planned: the cloud refuses nothing, no output is left unsimulated, nothing is logged as an error", () => {
        expect(at.plan.outcome).toBe("planned");
        expect(at.plan.refusals).toEqual([]);
        expect(at.plan.unknownTypes).toEqual([]);
        expect(at.plan.logs.filter(({ severity }) => severity === "error" || severity === "warning")).toEqual([]);
    });

    itWhen(!unknowns, "leaves no value unknown when outputs are simulated", () => {
        expect(JSON.stringify(at.resources.map(({ inputs }) => inputs))).not.toContain("[unknown]");
    });

    it("step 1: the gateway listens on 443 with TLS 1.2 or newer and redirects 80 permanently", () => {
        expect(at.one("network.ApplicationGateway").inputs).toMatchObject({
            sku: { name: "WAF_v2", tier: "WAF_v2" },
            sslPolicy: { policyType: "Predefined", policyName: "AppGwSslPolicy20220101S" },
            frontendPorts: [{ port: 80 }, { port: 443 }],
            httpListeners: [
                { name: "http", protocol: "Http" },
                { name: "https", protocol: "Https" },
            ],
            redirectConfigurations: [{ redirectType: "Permanent", includePath: true, includeQueryString: true }],
        });
    });

    it("step 1: the gateway adds the three security headers", () => {
        expect(at.one("network.ApplicationGateway").inputs["rewriteRuleSets"]).toMatchObject([
            {
                rewriteRules: [
                    {
                        actionSet: {
                            responseHeaderConfigurations: expect.arrayContaining([
                                {
                                    headerName: "Strict-Transport-Security",
                                    headerValue: "max-age=31536000; includeSubDomains",
                                },
                                { headerName: "X-Content-Type-Options", headerValue: "nosniff" },
                                { headerName: "X-Frame-Options", headerValue: "SAMEORIGIN" },
                            ]) as unknown,
                        },
                    },
                ],
            },
        ]);
    });

    it("steps 1 and 8: /health is expected to answer 200 every 5 s, fall 3, with sticky sessions and draining", () => {
        expect(at.one("network.ApplicationGateway").inputs).toMatchObject({
            probes: [
                {
                    path: "/health",
                    match: { statusCodes: ["200"] },
                    port: 5000,
                    interval: 5,
                    timeout: 4,
                    unhealthyThreshold: 3,
                },
            ],
            backendHttpSettingsCollection: [
                {
                    port: 5000,
                    cookieBasedAffinity: "Enabled",
                    affinityCookieName: "SERVERID",
                    connectionDraining: { enabled: true, drainTimeoutInSec: 50 },
                    requestTimeout: 50,
                },
            ],
        });
    });

    it("step 1: the gateway spans the zones, reads its certificate by its own identity and has the host's name", () => {
        const gateway = at.one("network.ApplicationGateway");
        expect(gateway.inputs["zones"]).toEqual(["1", "2"]);
        const [certificate] = gateway.inputs["sslCertificates"] as { keyVaultSecretId: string }[];
        // That of development is a secret of the stack.
        expect(certificate!.keyVaultSecretId).toMatch(
            isDevelopment && unknowns ? "[unknown]" : /^https:.*\/secrets\/[\w-]+$/,
        );
        expect(before(gateway)).toContain(at.one("authorization.RoleAssignment", "-lb-reads-certificate").urn);
        expect(dependencyTypes(at, at.one("dns.RecordSet", "-lb"), "targetResource")).toContain(
            "network.PublicIPAddress",
        );
    });

    itWhen(
        isDevelopment,
        "step 1: a certificate of Let's Encrypt is there before the gateway, once the machine may ask",
        () => {
            const command = at.one("compute.VirtualMachineRunCommandByVirtualMachine", "-dev-certificate");
            expect(before(at.one("network.ApplicationGateway"))).toContain(command.urn);
            // Else a new operations machine would take it from the gateway for the time being.
            expect(before(at.one("authorization.RoleAssignment", "-lb-reads-certificate"))).not.toContain(command.urn);
            for (const role of ["proves", "keeps"]) {
                expect(before(command)).toContain(at.one("authorization.RoleAssignment", `-certificate-${role}`).urn);
            }
            expect(at.one("keyvault.Secret", "-dev-certificate").inputs["properties"]).toMatchObject({
                contentType: "application/x-pkcs12",
            });
        },
    );

    it("has every command on the operations machine done again when it, its variables or the machine change, or when it failed", () => {
        for (const { name, inputs, options } of at.all("compute.VirtualMachineRunCommandByVirtualMachine")) {
            expect(options.replaceOnChanges, name).toEqual(["parameters", "source", "#initerror"]);
            expect(JSON.stringify(inputs["parameters"]), name).toContain('"MACHINE"');
            expect(inputs["runCommandName"], name).toBeUndefined();
        }
    });

    it("checklist, WAF and rate limit: managed rules that block and a limit for each address, on this gateway", () => {
        expect(at.one("network.WebApplicationFirewallPolicy").inputs).toMatchObject({
            policySettings: { state: "Enabled", mode: "Prevention" },
            customRules: [
                {
                    ruleType: "RateLimitRule",
                    action: "Block",
                    rateLimitDuration: "OneMin",
                    rateLimitThreshold: 2000,
                    groupByUserSession: [{ groupByVariables: [{ variableName: "ClientAddr" }] }],
                },
            ],
            managedRules: {
                managedRuleSets: [
                    { ruleSetType: "Microsoft_DefaultRuleSet" },
                    { ruleSetType: "Microsoft_BotManagerRuleSet" },
                ],
            },
        });
        expect(dependencyTypes(at, at.one("network.ApplicationGateway"), "firewallPolicy")).toContain(
            "network.WebApplicationFirewallPolicy",
        );
        expect(at.one("monitor.DiagnosticSetting", "-logs-gateway").inputs).toMatchObject({
            logs: [{ categoryGroup: "allLogs", enabled: true }],
        });
    });

    it("step 2: two servers in two zones without a public address or password, with encrypted disks", () => {
        expect(servers().map(({ inputs }) => inputs["zones"])).toEqual([["1"], ["2"]]);
        for (const { inputs } of at.all("compute.VirtualMachine")) {
            expect(inputs).toMatchObject({
                osProfile: { linuxConfiguration: { disablePasswordAuthentication: true } },
                securityProfile: { encryptionAtHost: true, securityType: "TrustedLaunch" },
            });
            expect(inputs).toHaveProperty("storageProfile.osDisk.managedDisk.diskEncryptionSet.id");
        }
        for (const { inputs } of at.all("network.NetworkInterface")) {
            expect(JSON.stringify(inputs)).not.toContain("publicIPAddress");
        }
    });

    it("step 2: a newer image, first-boot script or size replaces or restarts no server by itself", () => {
        for (const { options } of at.all("compute.VirtualMachine")) {
            expect(options.ignoreChanges).toEqual(["osProfile", "storageProfile", "zones", "hardwareProfile"]);
        }
    });

    it("step 2: servers have the guide's size for the environment", () => {
        const size = {
            "azure-dev": "Standard_B2s_v2",
            "azure-staging": "Standard_D4s_v5",
            "azure-prod": "Standard_D8s_v5",
        }[stack];
        expect(servers().map(({ inputs }) => inputs["hardwareProfile"])).toEqual([{ vmSize: size }, { vmSize: size }]);
    });

    it("step 2: a server's identity reads its own secrets and artifacts and nothing else", () => {
        const own = at.all("authorization.RoleAssignment").filter(({ name }) => /-app-reads-/.test(name));
        expect(own.map(({ name }) => name.replace(/^.*-reads-/, "")).sort()).toEqual(
            [
                "artifacts",
                "database",
                "release",
                "session-secret",
                "settings",
                "smtp-pass",
                ...(isDevelopment ? [] : ["sessions"]),
            ].sort(),
        );
        for (const { inputs, name } of own) {
            expect(inputs["roleDefinitionId"], name).toMatch(
                /4633458b-17de-408a-b874-0445c86b69e6|2a2b9908-6ea1-4ae2-8e65-a410df84e7d1|\[unknown\]/,
            );
        }
        const ofServers = new Set(own.map(({ inputs }) => inputs["principalId"]));
        if (!unknowns) {
            const reading = at
                .all("authorization.RoleAssignment")
                .filter(({ inputs }) => ofServers.has(inputs["principalId"]));
            expect(reading).toHaveLength(own.length);
            expect(JSON.stringify(reading)).not.toContain("-db-admin");
        }
    });

    it("step 3: PostgreSQL 15 or newer, 500 GB and more in staging and production, encrypted, private", () => {
        const primary = at.one("dbforpostgresql.Server", "-primary").inputs;
        expect(primary).toMatchObject({
            version: "17",
            createMode: "Default",
            network: { publicNetworkAccess: "Disabled" },
            dataEncryption: { type: "AzureKeyVault" },
            storage: { storageSizeGB: isDevelopment ? 64 : 512, autoGrow: "Enabled" },
            highAvailability: isDevelopment ? { mode: "Disabled" } : { mode: "ZoneRedundant" },
            administratorLoginPassword: "[secret]",
        });
        const size = {
            "azure-dev": "Standard_B2ms",
            "azure-staging": "Standard_D4ds_v5",
            "azure-prod": "Standard_D8ds_v5",
        }[stack];
        expect(primary["sku"]).toMatchObject({ name: size });
    });

    it("step 3: the guide's settings in Azure's units, one after the other", () => {
        const settings = at.all("dbforpostgresql.Configuration").filter(({ name }) => name.includes("-db-primary-"));
        const gib = { "azure-dev": 8, "azure-staging": 16, "azure-prod": 32 }[stack]!;
        const blocks = (gib * 1024 * 1024) / 8;
        expect(
            Object.fromEntries(settings.map(({ inputs }) => [inputs["configurationName"], inputs["value"]])),
        ).toEqual({
            max_connections: "200",
            shared_buffers: String(blocks / 4),
            effective_cache_size: String((blocks * 3) / 4),
            maintenance_work_mem: "1048576",
            work_mem: "65536",
            random_page_cost: "1.1",
            effective_io_concurrency: "200",
            require_secure_transport: "on",
            ssl_min_protocol_version: "TLSv1.2",
            password_encryption: "scram-sha-256",
        });
        settings.slice(1).forEach((setting, place) => {
            expect(setting.dependencies, setting.name).toContain(settings[place]!.urn);
        });
    });

    it("step 3: role, database and grants come from the operations machine, which alone reads the administrator's secret", () => {
        const command = at.one("compute.VirtualMachineRunCommandByVirtualMachine", "-db-bootstrap");
        expect(dependencyTypes(at, command, "vmName")).toContain("compute.VirtualMachine");
        const waitsFor = before(command);
        for (const needed of [
            at.one("network.PrivateDnsZoneGroup", "-db-primary"),
            at.one("dbforpostgresql.Configuration", "-db-primary-password_encryption"),
            at.one("authorization.RoleAssignment", "-reads-admin"),
        ]) {
            expect(waitsFor).toContain(needed.urn);
        }
        for (const server of servers()) {
            expect(before(server)).toContain(command.urn);
        }
    });

    itWhen(
        !isDevelopment,
        "step 4: a streaming replica in another zone, made after the primary's restart, and names that follow a promotion",
        () => {
            const replica = at.one("dbforpostgresql.Server", "-replica");
            expect(replica.inputs).toMatchObject({ createMode: "Replica", availabilityZone: "2" });
            expect(replica.inputs).not.toHaveProperty("administratorLogin");
            expect(dependencyTypes(at, replica, "sourceServerResourceId")).toContain("dbforpostgresql.Server");
            expect(before(replica)).toContain(
                at.one("compute.VirtualMachineRunCommandByVirtualMachine", "-db-bootstrap").urn,
            );
            const endpoint = at.one("dbforpostgresql.VirtualEndpoint");
            expect(dependencyTypes(at, endpoint, "members")).toEqual(["dbforpostgresql.Server"]);
            expect(before(endpoint)).toContain(at.one("network.PrivateDnsZoneGroup", "-db-replica").urn);
        },
    );

    itWhen(isDevelopment, "step 3 in development: one server, reached by its own name", () => {
        expect(at.all("dbforpostgresql.Server")).toHaveLength(1);
        expect(at.all("dbforpostgresql.VirtualEndpoint")).toEqual([]);
    });

    itWhen(isProduction, "steps 3 to 5 in production: what holds data is protected", () => {
        for (const resource of [
            at.one("dbforpostgresql.Server", "-primary"),
            at.one("dbforpostgresql.Server", "-replica"),
            at.one("storage.StorageAccount", "-files"),
            at.one("storage.StorageAccount", "-backup"),
        ]) {
            expect(resource.options.protect, resource.name).toBe(true);
        }
        const locked = at.all("authorization.ManagementLockByScope").map(({ name }) => name);
        expect(locked).toEqual(expect.arrayContaining(["minusnow-prod-db-primary", "minusnow-prod-backup"]));
        expect(at.one("dbforpostgresql.Server", "-primary").inputs["backup"]).toMatchObject({
            backupRetentionDays: 30,
        });
    });

    it("backups outlive the stack where they are kept: their group, their key, and who may use it, too", () => {
        const kept = !isDevelopment;
        for (const [type, end] of [
            ["resources.ResourceGroup", "-kept"],
            ["keyvault.Vault", "-secrets"],
            ["managedidentity.UserAssignedIdentity", "-secrets-key"],
            ["authorization.RoleAssignment", "-secrets-key"],
            ["storage.StorageAccount", "-backup"],
        ] as const) {
            const resource = at.one(type, end);
            expect(resource.options.retainOnDelete ?? false, resource.name).toBe(kept);
            if (type !== "resources.ResourceGroup" && type !== "authorization.RoleAssignment") {
                expect(resource.propertyDependencies["resourceGroupName"], resource.name).toContain(
                    at.one("resources.ResourceGroup", "-kept").urn,
                );
            }
        }
    });

    it("step 5: five NFS shares in three zones, encrypted, reached inside the network only", () => {
        expect(at.one("storage.StorageAccount", "-files").inputs).toMatchObject({
            kind: "FileStorage",
            sku: { name: "Premium_ZRS" },
            publicNetworkAccess: "Disabled",
            ...(!unknowns && { encryption: { keySource: "Microsoft.Keyvault" } }),
        });
        expect(at.all("storage.FileShare").map(({ inputs }) => inputs["shareName"])).toEqual([...sharedDirectories]);
        for (const { inputs } of at.all("storage.FileShare")) {
            expect(inputs).toMatchObject({ enabledProtocols: "NFS", shareQuota: 100 });
        }
    });

    it("step 6: every variable of the guide's environment file is set or assembled from the key vault", () => {
        const { inputs } = at.plan.resources.find(({ name }) => name.endsWith("-app-settings"))!;
        const { value } = (reveal(inputs) as { properties: { value: unknown } }).properties;
        if (typeof value !== "string") {
            expect(unknowns).toBe(true);
            return;
        }
        const settings = JSON.parse(value) as { environment: object; secrets: object; sessionStore?: object };
        const assembled = ["DATABASE_URL", ...(settings.sessionStore ? ["REDIS_URL"] : [])];
        const given = [...Object.keys(settings.environment), ...Object.keys(settings.secrets), ...assembled];
        const wanted = environmentVariables.filter(
            ({ name, required }) => required || (!isDevelopment && /REDIS|SESSION/.test(name)),
        );
        expect(given.sort()).toEqual(wanted.map(({ name }) => name).sort());
    });

    itWhen(!isDevelopment, "step 8: sessions in two zones with failover, TLS, a password and allkeys-lru", () => {
        expect(at.one("redisenterprise.RedisEnterprise").inputs).toMatchObject({
            highAvailability: "Enabled",
            minimumTlsVersion: "1.2",
            publicNetworkAccess: "Disabled",
        });
        expect(at.one("redisenterprise.Database").inputs).toMatchObject({
            clientProtocol: "Encrypted",
            accessKeysAuthentication: "Enabled",
            evictionPolicy: "AllKeysLRU",
        });
    });

    it("step 7: security groups open the guide's connections and nothing else, in both directions", () => {
        const rules = at.all("network.NetworkSecurityGroup").flatMap(({ name, inputs }) =>
            (inputs["securityRules"] as { name: string; access: string; direction: string }[]).map((rule) => ({
                group: name.replace(/^minusnow-\w+-net-/, ""),
                ...rule,
            })),
        );
        const allowedIn = rules.filter(({ access, direction }) => access === "Allow" && direction === "Inbound");
        expect(allowedIn.map(({ group, name }) => `${group} ${name}`).sort()).toEqual(
            [
                "app from-edge-5000",
                "cache from-app-10000",
                "database from-app-5432",
                "edge from-GatewayManager",
                "edge from-internet-443",
                "edge from-internet-80",
                "edge from-AzureLoadBalancer",
                "storage from-app-2049",
                "storage from-app-443",
                "storage from-edge-443",
            ].sort(),
        );
        for (const group of new Set(rules.map((rule) => rule.group))) {
            const denied = rules.filter((rule) => rule.group === group && rule.access === "Deny");
            expect(denied.map(({ direction }) => direction).sort(), group).toEqual(
                group === "edge" ? ["Inbound"] : ["Inbound", "Outbound"],
            );
        }
    });

    it("step 7: the guide's network, data tiers without a way out, flow logs and private endpoints", () => {
        expect(at.one("network.VirtualNetwork").inputs["addressSpace"]).toEqual({ addressPrefixes: ["10.0.0.0/16"] });
        const subnets = at.all("network.Subnet");
        expect(subnets.map(({ inputs }) => inputs["subnetName"]).sort()).toEqual(
            ["app-1", "app-2", "cache", "database", "edge", "storage"].sort(),
        );
        const outbound = subnets.filter(({ inputs }) => inputs["natGateway"] !== undefined);
        expect(outbound.map(({ inputs }) => inputs["subnetName"]).sort()).toEqual(["app-1", "app-2"]);
        for (const { inputs } of subnets) {
            expect(inputs["defaultOutboundAccess"]).toBe(false);
        }
        expect(at.all("network.NatGateway")).toHaveLength(isProduction ? 2 : 1);
        expect(at.all("network.FlowLog")).toHaveLength(1);
        const services = at
            .all("network.PrivateEndpoint")
            .map(
                ({ inputs }) => (inputs["privateLinkServiceConnections"] as { groupIds: string[] }[])[0]!.groupIds[0]!,
            );
        expect(services.sort()).toEqual(
            [
                "blob",
                "file",
                "postgresqlServer",
                ...(isDevelopment ? [] : ["postgresqlServer", "redisEnterprise"]),
                "vault",
            ].sort(),
        );
    });

    it("one subnet after the other: Azure changes a network by one at a time", () => {
        const subnets = at.all("network.Subnet").map(({ urn }) => urn);
        const ordered = [...subnets].sort((a, b) => everythingBefore(at, a).size - everythingBefore(at, b).size);
        ordered.slice(1).forEach((urn, place) => {
            expect(everythingBefore(at, urn), urn).toContain(ordered[place]);
        });
    });

    it("a server boots when the database, its secrets' roles and the shares' address exist", () => {
        const needed = [
            at.one("network.PrivateDnsZoneGroup", "-files"),
            at.one("network.PrivateDnsZoneGroup", "-secrets"),
            at.one("keyvault.Secret", "-app-release"),
            at.one("network.Subnet", "-app-1"),
            ...at.all("authorization.RoleAssignment").filter(({ name }) => /-app-reads-/.test(name)),
        ];
        for (const server of servers()) {
            const waitsFor = before(server);
            for (const { urn, name } of needed) {
                expect(waitsFor, `${server.name} waits for ${name}`).toContain(urn);
            }
        }
    });

    it("secrets: a vault that nothing is purged from, a rotated key, generated passwords of the stated complexity", () => {
        expect(at.one("keyvault.Vault").inputs).toMatchObject({
            properties: {
                enablePurgeProtection: true,
                enableRbacAuthorization: true,
                publicNetworkAccess: "Disabled",
                networkAcls: { defaultAction: "Deny" },
            },
        });
        expect(at.one("keyvault.Key").inputs).toMatchObject({
            properties: {
                rotationPolicy: {
                    lifetimeActions: [{ trigger: { timeAfterCreate: "P1Y" }, action: { type: "rotate" } }],
                },
            },
        });
        for (const { inputs } of at.plan.resources.filter(({ type }) => type.endsWith(":RandomPassword"))) {
            expect(inputs).toMatchObject({ minLower: 2, minUpper: 2, minNumeric: 2, minSpecial: 2 });
            expect(Number(inputs["length"])).toBeGreaterThanOrEqual(32);
        }
    });

    it("secrets: no generated value stands in clear anywhere in the plan", () => {
        const values = at.plan.resources
            .filter(({ type }) => type.endsWith(":RandomPassword"))
            .map(({ outputs }) => reveal(outputs["result"]));
        const clear = JSON.stringify(at.resources.map(({ inputs }) => inputs)) + JSON.stringify(at.plan.outputs);
        for (const value of values.filter((text) => typeof text === "string")) {
            expect(clear).not.toContain(value);
        }
    });

    it("tags reach everything that takes tags", () => {
        const untagged = at.resources.filter(
            ({ type, inputs }) =>
                taggable.has(type.replace("azure-native:", "")) &&
                (inputs["tags"] as Record<string, string> | undefined)?.["application"] !== "minusnow",
        );
        expect(untagged.map(({ name, type }) => `${type} ${name}`)).toEqual([]);
    });

    it("every resource has the deployment as an ancestor and the stack's own provider", () => {
        for (const { type, urn, provider } of at.resources.filter(({ type: token }) =>
            token.startsWith("azure-native:"),
        )) {
            expect(urn).toContain("minusnow:index:AzureDeployment$");
            expect(provider, type).toContain("pulumi:providers:azure-native::azure::");
        }
    });

    itWhen(
        !unknowns,
        "steps 2, 5 and 8: user data mounts the five directories, runs the guide's unit and holds no secret",
        () => {
            const [app1, app2] = servers().map(
                ({ inputs }) => (inputs["osProfile"] as { customData: string }).customData,
            );
            expect(app2).toBe(app1);
            const { write_files: files, ssh_pwauth: passwords } = load(Buffer.from(app1!, "base64").toString()) as {
                write_files: { path: string; content: string }[];
                ssh_pwauth: boolean;
            };
            expect(passwords).toBe(false);
            const content = (path: string) => files.find((file) => file.path === path)!.content;
            expect(content("/etc/minusnow/fstab").trim().split("\n")).toHaveLength(5);
            for (const directory of sharedDirectories) {
                expect(content("/etc/minusnow/fstab")).toMatch(
                    new RegExp(
                        `^\\w+\\.file\\.core\\.windows\\.net:/\\w+/${directory} /opt/minusnow/${directory} aznfs `,
                        "m",
                    ),
                );
                expect(content("/etc/systemd/system/minusnow.service")).toMatch(
                    new RegExp(`^ReadWritePaths=.*/opt/minusnow/${directory}\\b`, "m"),
                );
            }
        },
    );
});

/** Types of the shipped stacks whose inputs have `tags`. */
const taggable = new Set([
    "applicationinsights:Component",
    "applicationinsights:Workbook",
    "compute:DiskEncryptionSet",
    "compute:VirtualMachine",
    "compute:VirtualMachineExtension",
    "compute:VirtualMachineRunCommandByVirtualMachine",
    "dbforpostgresql:Server",
    "keyvault:Key",
    "keyvault:Secret",
    "keyvault:Vault",
    "managedidentity:UserAssignedIdentity",
    "monitor:ActionGroup",
    "monitor:DataCollectionRule",
    "monitor:MetricAlert",
    "monitor:ScheduledQueryRule",
    "network:ApplicationGateway",
    "network:FlowLog",
    "network:NatGateway",
    "network:NetworkInterface",
    "network:NetworkSecurityGroup",
    "network:PrivateEndpoint",
    "network:PublicIPAddress",
    "network:VirtualNetwork",
    "network:WebApplicationFirewallPolicy",
    "operationalinsights:Workspace",
    "privatedns:PrivateZone",
    "privatedns:VirtualNetworkLink",
    "redisenterprise:RedisEnterprise",
    "resources:ResourceGroup",
    "storage:StorageAccount",
]);
