import type { Resource } from "../../../plan/engine/resource";
import { reveal, type Value, type Values } from "../../../plan/engine/values";
import { textAt } from "../../../plan/simulated-cloud/world";
import { added, find, hasName, type Mutation, removeEach, setEach, shortType } from "../change";
import { isServer, script } from "./boot";

const MACHINE = "compute.VirtualMachine";
const POLICY = "network.WebApplicationFirewallPolicy";
const VAULT = "keyvault.Vault";

/** Defects of passwords, secrets, logins and the web firewall. */
export function security(all: Resource[]): Mutation[] {
    return [...passwords(all), ...clearSecrets(all), ...logins(all), ...webFirewall(all)];
}

function passwords(all: Resource[]): Mutation[] {
    const rule = ["passwords-complexity"];
    const vault = (path: string, value: Value) => setEach(all, VAULT, `properties.${path}`, value, ["passwords-store"]);
    const isPrimary = hasName("-primary");
    const weak = ["minusnow", "alllowercaseletters1", "Short1!", "ALLUPPERCASE123456789"];
    return [
        ...[8, 12, 15].flatMap((length) => setEach(all, "index.RandomPassword", "length", length, rule)),
        ...["minLower", "minUpper", "minNumeric", "minSpecial"].flatMap((kind) => [
            ...setEach(all, "index.RandomPassword", kind, 0, rule),
            ...setEach(all, "index.RandomPassword", kind, undefined, rule),
        ]),
        ...["special", "lower", "upper", "numeric"].flatMap((kind) =>
            setEach(all, "index.RandomPassword", kind, false, rule),
        ),
        ...setEach(all, "index.RandomPassword", "length", 31, rule, hasName("-session")),
        ...weak.flatMap((password) =>
            setEach(
                all,
                "dbforpostgresql.Server",
                "administratorLoginPassword",
                password,
                ["passwords-services"],
                isPrimary,
            ),
        ),
        ...[false, undefined].flatMap((value) => [
            ...vault("enablePurgeProtection", value),
            ...vault("enableRbacAuthorization", value),
        ]),
        ...["Enabled", undefined].flatMap((value) => vault("publicNetworkAccess", value)),
        ...setEach(all, "keyvault.Key", "properties.rotationPolicy", undefined, ["passwords-key-rotation"]),
        ...setEach(all, "keyvault.Key", "properties.rotationPolicy.lifetimeActions", [], ["passwords-key-rotation"]),
        ...setEach(all, "keyvault.Key", "properties.rotationPolicy.lifetimeActions[0].action.type", "notify", [
            "passwords-key-rotation",
        ]),
        ...["Plaintext", undefined].flatMap((protocol) =>
            setEach(all, "redisenterprise.Database", "clientProtocol", protocol, ["passwords-session-store"]),
        ),
        ...["1.0", "1.1", undefined].flatMap((version) =>
            setEach(all, "redisenterprise.RedisEnterprise", "minimumTlsVersion", version, ["passwords-session-store"]),
        ),
        ...setEach(all, "redisenterprise.RedisEnterprise", "publicNetworkAccess", "Enabled", [
            "passwords-session-store",
        ]),
    ];
}

function clearSecrets(all: Resource[]): Mutation[] {
    const rule = ["passwords-not-in-clear"];
    const generated = all
        .filter((resource) => shortType(resource) === "index.RandomPassword")
        .map((resource) => textAt({ value: reveal(resource.outputs["result"]) }, "value") ?? "");
    const [first = ""] = generated;
    const commands = "compute.VirtualMachineRunCommandByVirtualMachine";
    const boot = (addition: string) =>
        setEach(
            all,
            MACHINE,
            "osProfile.customData",
            script((text) => `${text}\n${addition}\n`),
            rule,
        );
    return [
        ...generated.flatMap((value) => [
            ...boot(`# ${value}`),
            ...setEach(all, "network.ApplicationGateway", "tags.note", value, rule),
            ...setEach(all, commands, "source.script", `#!/bin/bash\nexport PGPASSWORD='${value}'\n`, rule),
            ...setEach(all, commands, "parameters", [{ name: "PASSWORD", value }], rule),
            ...setEach(all, "pulumi.Stack", "password", value, rule),
        ]),
        ...boot("export DB_PASSWORD=Hunter2-hunter"),
        ...boot("-----BEGIN RSA PRIVATE KEY-----"),
        ...boot("DATABASE_URL=postgres://minusnow:Sup3rSecret@db:5432/minusnow_db"),
        ...boot(`DefaultEndpointsProtocol=https;AccountName=x;AccountKey=${"A1b2".repeat(20)}==`),
        ...setEach(all, "keyvault.Secret", "tags.value", first, rule),
        ...setEach(all, "network.VirtualNetwork", "tags.password", "Hunter2-hunter", rule),
        ...setEach(
            all,
            "monitor.MetricAlert",
            "description",
            `log in with ${first}`,
            rule,
            hasName("-cpu-app1-warning"),
        ),
        ...setEach(all, "pulumi.Stack", "databaseUrl", "postgres://minusnow:Sup3rSecret@db:5432/minusnow_db", rule),
    ];
}

function logins(all: Resource[]): Mutation[] {
    const linux = "osProfile.linuxConfiguration";
    const by = ["ssh-no-password"];
    const lines = [
        "ssh_pwauth: true",
        "ssh_pwauth: yes",
        "  - sed -i 's/.*/PasswordAuthentication yes/' /etc/ssh/sshd_config",
        "PasswordAuthentication=yes",
        "KbdInteractiveAuthentication yes",
        "chpasswd:\n  list: |\n    root:minusnow",
        "  - echo root:minusnow | chpasswd",
        "    plain_text_passwd: minusnow",
        "PermitRootLogin yes",
        "PermitEmptyPasswords yes",
    ];
    return [
        ...lines.flatMap((line) =>
            setEach(
                all,
                MACHINE,
                "osProfile.customData",
                script((text) => `${text}\n${line}\n`),
                by,
            ).map((mutation) => ({ ...mutation, name: `${mutation.name.split(":")[0]}: ${line}` })),
        ),
        ...setEach(all, MACHINE, `${linux}.disablePasswordAuthentication`, false, by),
        ...setEach(all, MACHINE, `${linux}.disablePasswordAuthentication`, undefined, by),
        ...setEach(all, MACHINE, "osProfile.adminPassword", "Sup3r-Secret-Password", by),
        ...setEach(all, MACHINE, `${linux}.ssh.publicKeys`, [], by),
        ...setEach(all, MACHINE, `${linux}.ssh`, undefined, by),
        ...setEach(all, MACHINE, linux, undefined, by),
    ];
}

function webFirewall(all: Resource[]): Mutation[] {
    const limits = ["rate-limiting-by-address"];
    const rule = find(all, POLICY).inputs["customRules"] as Values[];
    const set = (path: string, value: Value, by: string[]) => setEach(all, POLICY, path, value, by);
    return [
        ...removeEach(all, POLICY, ["waf-attached"]),
        ...setEach(all, "network.ApplicationGateway", "firewallPolicy", undefined, ["waf-attached"]),
        ...setEach(all, "network.ApplicationGateway", "firewallPolicy.id", "/subscriptions/x/another", [
            "waf-attached",
        ]),
        ...set("policySettings.state", "Disabled", ["waf-blocks"]),
        ...set("policySettings.mode", "Detection", ["waf-blocks"]),
        ...set("policySettings", undefined, ["waf-blocks"]),
        ...set("managedRules.managedRuleSets", [], ["waf-blocks"]),
        ...set("managedRules", undefined, ["waf-blocks"]),
        ...set("customRules", [], limits),
        ...set("customRules", undefined, limits),
        ...set("customRules[0].state", "Disabled", limits),
        ...["Log", "Allow"].flatMap((action) => set("customRules[0].action", action, limits)),
        ...set("customRules[0].ruleType", "MatchRule", limits),
        ...[100_000, 1_000_000, 2_000_000_000].flatMap((threshold) =>
            set("customRules[0].rateLimitThreshold", threshold, limits),
        ),
        ...["None", "GeoLocation"].flatMap((variableName) =>
            set("customRules[0].groupByUserSession", [{ groupByVariables: [{ variableName }] }], limits),
        ),
        ...set("customRules[0].groupByUserSession", undefined, limits),
        ...set("customRules", [{ ...rule[0], rateLimitThreshold: undefined }], limits),
        added(
            "public addresses are let into the database",
            ["database-access-private"],
            "azure-native:dbforpostgresql:FirewallRule",
            {
                startIpAddress: "0.0.0.0",
                endIpAddress: "255.255.255.255",
            },
        ),
        ...setEach(all, MACHINE, "identity", undefined, ["monitoring-permission"], isServer),
    ];
}
