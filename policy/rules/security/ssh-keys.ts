import { bastionPrefixes } from "../../model/azure-network";
import { firstBoot } from "../../model/first-boot";
import { covers, rulesOf } from "../../model/nsg";
import { includesPort, openings } from "../../model/openings";
import { expectEqual, expectValue, fail, type Finding, type ItemRules, pass, waits } from "../../rule";
import { aws, azure } from "../../types";
import type { Resource, Stack } from "../../stack";

const ADMINISTRATION_PORTS = [22, 3389];

/** A value of an option that turns it on. */
const ON = "[\"']?(?:true|yes|on|1)\\b";

/** What a line of a first-boot script does when it opens logins by password. */
const passwordLogins = [
    { form: new RegExp(`^[\\s-]*ssh_pwauth:\\s*${ON}`, "i"), what: "turns on ssh_pwauth" },
    { form: new RegExp(`\\bPasswordAuthentication[\\s=]+${ON}`, "i"), what: "sets PasswordAuthentication yes" },
    {
        form: new RegExp(`\\bKbdInteractiveAuthentication[\\s=]+${ON}`, "i"),
        what: "sets KbdInteractiveAuthentication yes",
    },
    { form: new RegExp(`\\bPermitEmptyPasswords[\\s=]+${ON}`, "i"), what: "lets empty passwords in" },
    { form: new RegExp(`\\bPermitRootLogin[\\s=]+${ON}`, "i"), what: "lets root log in" },
    { form: /^[\s-]*(plain_text_passwd|hashed_passwd|passwd):\s*\S/i, what: "sets a password of a user" },
    { form: /^[\s-]*password:\s*\S/i, what: "sets a password of a user" },
    { form: /\bchpasswd\b(?!\s*:)/, what: "sets a password of a user" },
    { form: /\b(usermod|useradd)\b.*\s(-p|--password)[\s=]/, what: "sets a password of a user" },
    { form: /\bpasswd\s+--stdin\b/, what: "sets a password of a user" },
];

/** `chpasswd:` with users is cloud-init's own way; `expire` alone sets no password. */
const CHPASSWD_LIST = /^chpasswd:\s*\n(?:\s+.*\n)*?\s+(list|users):/m;

/** Comments do nothing, and of a substitution by sed only the replacement is written. */
function effectiveLines(script: string): string[] {
    return script
        .split("\n")
        .filter((line) => !line.trimStart().startsWith("#"))
        .map((line) => line.replace(/s([/|#,])(?:(?!\1).)*\1((?:(?!\1).)*)\1/g, "$2"));
}

function noOpenPort(stack: Stack): Finding[] {
    const groups = stack.of(aws.securityGroup, azure.securityGroup);
    const wrong = [
        ...openings(stack).flatMap((opening) =>
            ADMINISTRATION_PORTS.filter((port) => includesPort(opening, port)).map((port) => ({
                rule: opening.rule,
                port,
            })),
        ),
        ...stack.of(azure.securityGroup).flatMap((group) =>
            rulesOf(stack, group)
                .filter((rule) => rule.inbound && rule.allow && !rule.sources.includes("AzureLoadBalancer"))
                .filter((rule) => !rule.sources.every((source) => bastionPrefixes(stack).includes(source)))
                .flatMap((rule) =>
                    ADMINISTRATION_PORTS.filter((port) => covers(rule, port)).map((port) => ({
                        rule: rule.holder,
                        port,
                    })),
                ),
        ),
    ];
    return wrong.length > 0
        ? wrong.map(({ rule, port }) => fail(rule, `port ${port} is open, allowed: Session Manager or Bastion`))
        : groups.map((group) => pass(group, "no administration port is open"));
}

function noPasswords(stack: Stack): Finding[] {
    return stack
        .of(aws.instance, azure.machine)
        .flatMap((server) => [...bootScript(server), ...(server.type === azure.machine ? azureLogins(server) : [])]);
}

function bootScript(server: Resource): Finding[] {
    const text = firstBoot(server);
    if (text === undefined) {
        const declared = ["userData", "userDataBase64", "osProfile"].some((property) => server.isUnknown(property));
        return declared
            ? [
                  pass(server, "no password is among its arguments"),
                  waits(server, "what its first-boot script does to logins is not known before the update"),
              ]
            : [pass(server, "no password is among its arguments, and it has no first-boot script")];
    }
    const lines = effectiveLines(text);
    const wrong = [
        ...passwordLogins.filter(({ form }) => lines.some((line) => form.test(line))),
        ...(CHPASSWD_LIST.test(text) ? [{ what: "sets passwords of users" }] : []),
    ];
    return wrong.length > 0
        ? wrong.map(({ what }) => fail(server, `its first-boot script ${what}`))
        : [pass(server, "its first-boot script opens no login by password")];
}

/** Windows has no keys: its administrator comes through Azure Bastion, and nothing is managed by passwords over the network. */
function windowsLogins(server: Resource): Finding[] {
    const listeners = server.list("osProfile.windowsConfiguration.winRM.listeners");
    return listeners.length === 0
        ? [pass(server, "Windows, without remote management by password")]
        : [fail(server, "osProfile.windowsConfiguration.winRM: found listeners, allowed: nothing")];
}

function azureLogins(server: Resource): Finding[] {
    if (isSet(server, "osProfile.windowsConfiguration")) {
        return windowsLogins(server);
    }
    const path = "osProfile.linuxConfiguration";
    return [
        expectEqual(server, `${path}.disablePasswordAuthentication`, true),
        isSet(server, "osProfile.adminPassword")
            ? fail(server, "osProfile.adminPassword: found a password, allowed: nothing")
            : pass(server, "its administrator has no password"),
        expectValue(
            server,
            `${path}.ssh.publicKeys[0].keyData`,
            (value) => /^(ssh-|ecdsa-)/.test(String(value)),
            "a public key",
        ),
    ];
}

const isSet = (server: Resource, path: string) => ![undefined, null].includes(server.get(path) as undefined);

/** Azure's metadata service answers no request without a header that a browser cannot forge. */
function tokensOnly(stack: Stack): Finding[] {
    return stack
        .of(aws.instance, aws.launchTemplate)
        .map((server) => expectEqual(server, "metadataOptions.httpTokens", "required"));
}

/** SSH key-based authentication only. */
export const sshKeys: ItemRules = {
    item: "ssh-keys",
    rules: [
        {
            id: "ssh-no-open-port",
            title: "No port for SSH or RDP is open",
            severity: "critical",
            risk: "Passwords are tried from everywhere.",
            fix: "Close the port; log in through Session Manager or Azure Bastion.",
            step: "Pre-Production Checklist",
            controls: ["CIS AWS 5.0 5.3", "Security Hub EC2.53", "MCSB NS-3", "CIS Azure 3.0 7.2"],
            check: noOpenPort,
        },
        {
            id: "ssh-no-password",
            title: "No server takes a login by password",
            severity: "critical",
            risk: "A password can be guessed; a key cannot.",
            fix: "Turn off password authentication and give no user a password, in user data as well.",
            step: "Pre-Production Checklist",
            controls: ["MCSB IM-6", "AWS Well-Architected SEC06-BP03"],
            check: noPasswords,
        },
        {
            id: "ssh-metadata-tokens",
            title: "Servers give their credentials to processes with a token only (IMDSv2)",
            severity: "high",
            risk: "A forged request through the application steals the server's role.",
            fix: "Set metadataOptions.httpTokens to required.",
            step: "Step 2",
            controls: ["CIS AWS 5.0 5.7", "Security Hub EC2.8"],
            check: tokensOnly,
        },
    ],
};
