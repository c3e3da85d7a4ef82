import type { Resource } from "../../../plan/engine/resource";
import { reveal, type Values } from "../../../plan/engine/values";
import { textAt } from "../../../plan/simulated-cloud/world";
import { find, hasName, type Mutation, removeEach, setEach, shortType, textOf } from "../change";

/** Defects of passwords, secrets, logins and the web firewall. */
export function security(all: Resource[]): Mutation[] {
    return [...passwords(all), ...clearSecrets(all), ...logins(all), ...webFirewall(all)];
}

function passwords(all: Resource[]): Mutation[] {
    const rule = ["passwords-complexity"];
    return [
        ...setEach(all, "index.RandomPassword", "length", 8, rule),
        ...["minLower", "minUpper", "minNumeric", "minSpecial"].flatMap((kind) => [
            ...setEach(all, "index.RandomPassword", kind, 0, rule),
            ...setEach(all, "index.RandomPassword", kind, undefined, rule),
        ]),
        ...setEach(all, "index.RandomPassword", "special", false, rule),
        ...setEach(all, "index.RandomPassword", "length", 31, rule, hasName("-session")),
        ...setEach(all, "rds.Instance", "passwordWo", "postgres", ["passwords-services"], hasName("-primary")),
        ...setEach(
            all,
            "rds.Instance",
            "passwordWo",
            "alllowercaseletters1",
            ["passwords-services"],
            hasName("-primary"),
        ),
        ...setEach(all, "elasticache.ReplicationGroup", "authToken", undefined, ["passwords-services"]),
        ...setEach(all, "elasticache.ReplicationGroup", "authToken", "sessions", ["passwords-services"]),
        ...removeEach(all, "elasticache.ReplicationGroup", ["app-servers-sessions"]),
        ...setEach(all, "elasticache.ReplicationGroup", "automaticFailoverEnabled", false, ["app-servers-sessions"]),
        ...setEach(all, "elasticache.ReplicationGroup", "multiAzEnabled", undefined, ["app-servers-sessions"]),
        ...setEach(all, "elasticache.ReplicationGroup", "numCacheClusters", 1, ["app-servers-sessions"]),
        ...setEach(all, "ec2.Instance", "vpcSecurityGroupIds", [], ["firewall-connected"]),
        ...removeEach(all, "s3.BucketPublicAccessBlock", ["firewall-buckets"]),
        ...["blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"].flatMap((property) =>
            setEach(all, "s3.BucketPublicAccessBlock", property, false, ["firewall-buckets"]),
        ),
        ...setEach(all, "elasticache.ReplicationGroup", "transitEncryptionEnabled", false, ["passwords-session-store"]),
        ...setEach(all, "elasticache.ReplicationGroup", "transitEncryptionMode", "preferred", [
            "passwords-session-store",
        ]),
        ...setEach(all, "elasticache.ReplicationGroup", "atRestEncryptionEnabled", false, ["passwords-session-store"]),
        ...setEach(all, "secretsmanager.Secret", "kmsKeyId", undefined, ["passwords-store"]),
        ...setEach(all, "secretsmanager.Secret", "recoveryWindowInDays", 0, ["passwords-store"]),
        ...setEach(all, "kms.Key", "enableKeyRotation", false, ["passwords-key-rotation"]),
        ...setEach(all, "kms.Key", "enableKeyRotation", undefined, ["passwords-key-rotation"]),
    ];
}

function clearSecrets(all: Resource[]): Mutation[] {
    const rule = ["passwords-not-in-clear"];
    const generated = all
        .filter((resource) => shortType(resource) === "index.RandomPassword")
        .map((resource) => textAt({ value: reveal(resource.outputs["result"]) }, "value") ?? "");
    const [first = "", ...rest] = generated;
    const script = (addition: string) => (server: Resource) => `${textOf(server, "userData")}\n${addition}\n`;
    return [
        ...generated.flatMap((value) =>
            setEach(all, "ec2.Instance", "userData", script(`# ${value}`), rule, hasName("app1")),
        ),
        ...rest.flatMap((value) => setEach(all, "lb.LoadBalancer", "tags.note", value, rule)),
        ...setEach(all, "ssm.Parameter", "value", `postgres://minusnow:${first}@db:5432/minusnow_db`, rule),
        ...setEach(all, "ssm.Parameter", "value", "postgres://minusnow:Sup3rSecret@db:5432/minusnow_db", rule),
        ...setEach(all, "lambda.Function", "environment", { variables: { DB_PASSWORD: first } }, rule),
        ...setEach(all, "lambda.Function", "environment", { variables: { CONFIG: "password=Hunter2-hunter" } }, rule),
        ...setEach(all, "cloudwatch.Dashboard", "dashboardBody", `{"note":"${first}"}`, rule),
        ...setEach(all, "s3.BucketObjectv2", "content", `{"password":"${first}"}`, rule),
        ...setEach(
            all,
            "cloudwatch.MetricAlarm",
            "alarmDescription",
            `log in with ${first}`,
            rule,
            hasName("-cpu-app1-warning"),
        ),
        ...setEach(all, "ec2.Instance", "userData", script("export DB_PASSWORD=Hunter2-hunter"), rule),
        ...setEach(all, "ec2.Instance", "userData", script("-----BEGIN RSA PRIVATE KEY-----"), rule),
        ...setEach(all, "ec2.Instance", "userData", script("aws_access_key_id = AKIAIOSFODNN7EXAMPLE"), rule),
        ...setEach(
            all,
            "ec2.Instance",
            "userDataBase64",
            () => Buffer.from(`#!/bin/sh\necho ${first} > /root/password # a comment`).toString("base64"),
            rule,
        ),
        ...setEach(all, "pulumi.Stack", "password", first, rule),
        ...setEach(all, "pulumi.Stack", "databaseUrl", "postgres://minusnow:Sup3rSecret@db:5432/minusnow_db", rule),
    ];
}

function logins(all: Resource[]): Mutation[] {
    const script = (addition: string) => (server: Resource) => `${textOf(server, "userData")}\n${addition}\n`;
    return [
        "ssh_pwauth: true",
        "ssh_pwauth: yes",
        "  - sed -i 's/.*/PasswordAuthentication yes/' /etc/ssh/sshd_config",
        "PasswordAuthentication=yes",
        "chpasswd:\n  list: |\n    root:minusnow",
        "  - echo root:minusnow | chpasswd",
        "    plain_text_passwd: minusnow",
        "PermitRootLogin yes",
    ].flatMap((line) => setEach(all, "ec2.Instance", "userData", script(line), ["ssh-no-password"]));
}

function webFirewall(all: Resource[]): Mutation[] {
    const acl = find(all, "wafv2.WebAcl");
    const rules = acl.inputs["rules"] as Values[];
    const managed = rules.filter(({ name }) => /CommonRuleSet|KnownBadInputs|SQLi/.test(JSON.stringify(name)));
    const withoutRule = (name: unknown) => rules.filter((rule) => rule["name"] !== name);
    const counting = (name: unknown) =>
        rules.map((rule) => (rule["name"] === name ? { ...rule, overrideAction: { count: {} } } : rule));
    const rate = (change: (statement: Values) => Values, action: Values = rules[0]!["action"] as Values) => {
        const statement = (rules[0]!["statement"] as Values)["rateBasedStatement"] as Values;
        return [{ ...rules[0], statement: { rateBasedStatement: change(statement) }, action }, ...rules.slice(1)];
    };
    const limits = ["rate-limiting-by-address"];
    return [
        ...removeEach(all, "wafv2.WebAclAssociation", ["waf-attached"]),
        ...removeEach(all, "wafv2.WebAcl", ["waf-attached"]),
        ...setEach(
            all,
            "wafv2.WebAclAssociation",
            "resourceArn",
            "arn:aws:elasticloadbalancing:us-east-1:1:loadbalancer/app/other/0",
            ["waf-attached"],
        ),
        ...setEach(all, "wafv2.WebAclAssociation", "webAclArn", "arn:aws:wafv2:us-east-1:1:regional/webacl/other/0", [
            "waf-attached",
        ]),
        ...managed.flatMap(({ name }) => [
            ...setEach(all, "wafv2.WebAcl", "rules", withoutRule(name), ["waf-blocks"]),
            ...setEach(all, "wafv2.WebAcl", "rules", counting(name), ["waf-blocks"]),
        ]),
        ...setEach(all, "wafv2.WebAcl", "rules", [], ["waf-blocks"]),
        ...removeEach(all, "wafv2.WebAclLoggingConfiguration", ["waf-logged"]),
        ...setEach(
            all,
            "wafv2.WebAclLoggingConfiguration",
            "resourceArn",
            "arn:aws:wafv2:us-east-1:1:regional/webacl/other/0",
            ["waf-logged"],
        ),
        ...setEach(all, "wafv2.WebAcl", "rules", rules.slice(1), limits),
        ...setEach(
            all,
            "wafv2.WebAcl",
            "rules",
            rate((statement) => ({ ...statement, limit: 2_000_000_000 })),
            limits,
        ),
        ...setEach(
            all,
            "wafv2.WebAcl",
            "rules",
            rate((statement) => ({ ...statement, aggregateKeyType: "CONSTANT" })),
            limits,
        ),
        ...setEach(
            all,
            "wafv2.WebAcl",
            "rules",
            rate((statement) => statement, { count: {} }),
            limits,
        ),
        ...setEach(
            all,
            "wafv2.WebAcl",
            "rules",
            rate((statement) => statement, { block: {} }),
            limits,
        ),
    ];
}
