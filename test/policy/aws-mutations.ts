import type { Resource } from "../../plan/engine/resource";
import { reveal, type Values } from "../../plan/engine/values";
import { textAt } from "../../plan/simulated-cloud/world";
import { added, changed, find, hasName, type Mutation, removeEach, setEach, shortType } from "./change";

/** Every defect that is planted into a compliant plan on AWS. */
export function awsMutations(all: Resource[]): Mutation[] {
    return [
        ...loadBalancer(all),
        ...servers(all),
        ...database(all),
        ...storage(all),
        ...firewall(all),
        ...certificates(all),
        ...passwords(all),
        ...clearSecrets(all),
        ...logins(all),
        ...webFirewall(all),
        ...monitoring(all),
        ...alarms(all),
        ...backups(all),
        ...readiness(all),
        ...roundabout(all),
    ];
}

/** Defects by another way than the library's own resources. */
function roundabout(all: Resource[]): Mutation[] {
    const group = (end: string) => find(all, "ec2.SecurityGroup", end).id;
    const listener = (end: string) => find(all, "lb.Listener", end).id;
    const server = find(all, "ec2.Instance", "app1");
    const app = find(all, "lb.TargetGroup");
    const acl = find(all, "wafv2.WebAcl");
    const rules = acl.inputs["rules"] as Values[];
    const managed = (change: (group: Values) => Values) =>
        rules.map((rule) => {
            const statement = rule["statement"] as Values;
            const own = statement["managedRuleGroupStatement"] as Values | undefined;
            return own ? { ...rule, statement: { managedRuleGroupStatement: change(own) } } : rule;
        });
    const rated = (changes: Values) => {
        const statement = (rules[0]!["statement"] as Values)["rateBasedStatement"] as Values;
        return [{ ...rules[0], statement: { rateBasedStatement: { ...statement, ...changes } } }, ...rules.slice(1)];
    };
    const scope = { byteMatchStatement: { searchString: "/never" } };
    const gateway = find(all, "ec2.InternetGateway").id;
    const schedules = [
        "0 20/6 * * ? *",
        "0 12/6 * * ? *",
        "0 0/6 ? * MON-FRI *",
        "0 0/6 ? * SAT,SUN *",
        "0 0/6 * * ? 2020",
    ];
    const isMetric = ({ inputs }: Resource) => "metric" in ((inputs["tags"] ?? {}) as Values);
    const script = (addition: string) => (target: Resource) => `${textOf(target, "userData")}\n${addition}\n`;
    const everyAlarm = (name: string, by: string[], actions: string[]): Mutation => ({
        name,
        by,
        change: (resources) =>
            resources.map((resource) =>
                shortType(resource) === "cloudwatch.MetricAlarm" && isMetric(resource)
                    ? changed(resource, "alarmActions", actions)
                    : resource,
            ),
    });
    return [
        ...setEach(
            all,
            "ec2.SecurityGroup",
            "ingress",
            [{ protocol: "tcp", fromPort: 5432, toPort: 5432, prefixListIds: ["pl-0123456789abcdef0"] }],
            ["database-access-app-only"],
            hasName("-database"),
        ),
        ...setEach(
            all,
            "ec2.SecurityGroup",
            "ingress",
            [{ protocol: "tcp", fromPort: 5432, toPort: 5432, self: true }],
            ["database-access-app-only"],
            hasName("-database"),
        ),
        added(
            "a former rule lets a prefix list into the database",
            ["database-access-app-only"],
            "aws:ec2/securityGroupRule:SecurityGroupRule",
            {
                type: "ingress",
                securityGroupId: group("-database"),
                protocol: "tcp",
                fromPort: 5432,
                toPort: 5432,
                prefixListIds: ["pl-0123456789abcdef0"],
            },
        ),
        added(
            "a rule without a source opens the database",
            ["database-access-app-only"],
            "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
            {
                securityGroupId: group("-database"),
                ipProtocol: "tcp",
                fromPort: 5432,
                toPort: 5432,
            },
        ),
        ...setEach(
            all,
            "rds.Instance",
            "vpcSecurityGroupIds",
            [group("-database"), "sg-0123456789abcdef0"],
            ["database-access-app-only"],
        ),
        ...["2000::/3", "3.0.0.0/8", "0.0.0.0/4"].map((network) =>
            added(
                `the cache's group is opened to ${network}`,
                ["firewall-internet"],
                "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
                {
                    securityGroupId: group("-cache"),
                    ipProtocol: "tcp",
                    fromPort: 9000,
                    toPort: 9000,
                    ...(network.includes(":") ? { cidrIpv6: network } : { cidrIpv4: network }),
                },
            ),
        ),
        added(
            "a rule of the clear listener forwards to the servers",
            ["certificates-redirect"],
            "aws:lb/listenerRule:ListenerRule",
            {
                listenerArn: listener("-http"),
                actions: [{ type: "forward", targetGroupArn: app.id }],
            },
        ),
        added("a server gets an elastic address", ["app-servers-private"], "aws:ec2/eip:Eip", { instance: server.id }),
        added(
            "a server is associated with an elastic address",
            ["app-servers-private"],
            "aws:ec2/eipAssociation:EipAssociation",
            { instanceId: server.id },
        ),
        ...setEach(all, "ec2.Instance", "publicIp", "54.1.2.3", ["app-servers-private"]),
        ...setEach(
            all,
            "ec2.RouteTable",
            "routes",
            [{ cidrBlock: "0.0.0.0/0", gatewayId: gateway }],
            ["database-access-private", "firewall-private-subnets"],
            ({ name }) => !name.endsWith("-edge"),
        ),
        ...setEach(all, "lambda.Function", "environment", { variables: { DB_PASSWORD: "Hunter2-hunter" } }, [
            "passwords-not-in-clear",
        ]),
        ...setEach(all, "lb.LoadBalancer", "tags.password", "Hunter2-hunter", ["passwords-not-in-clear"]),
        ...setEach(all, "pulumi.Stack", "dbPassword", "Hunter2-hunter!", ["passwords-not-in-clear"]),
        added("a parameter named as a password in clear", ["passwords-not-in-clear"], "aws:ssm/parameter:Parameter", {
            name: "/minusnow/DB_PASSWORD",
            type: "String",
            value: "Hunter2-hunter",
        }),
        added(
            "a container with a password in its environment",
            ["passwords-not-in-clear"],
            "aws:ecs/taskDefinition:TaskDefinition",
            {
                containerDefinitions: [{ environment: [{ name: "DB_PASSWORD", value: "Hunter2-hunter" }] }],
            },
        ),
        ...[
            "  - passwd: $6$abc$def",
            "  - plain_text_passwd: minusnow",
            "echo root:minusnow | sudo chpasswd",
            'ssh_pwauth: "yes"',
            "usermod -p '$6$x' root",
            "echo minusnow | passwd --stdin root",
            "KbdInteractiveAuthentication yes",
            "PermitEmptyPasswords yes",
        ].flatMap((line) =>
            setEach(all, "ec2.Instance", "userData", script(line), ["ssh-no-password"], hasName("app1")),
        ),
        ...setEach(
            all,
            "wafv2.WebAcl",
            "rules",
            [{ name: "all", priority: -1, action: { allow: {} }, statement: scope }, ...rules],
            ["waf-blocks"],
        ),
        ...setEach(
            all,
            "wafv2.WebAcl",
            "rules",
            managed((own) => ({ ...own, scopeDownStatement: scope })),
            ["waf-blocks"],
        ),
        ...setEach(
            all,
            "wafv2.WebAcl",
            "rules",
            managed((own) => ({ ...own, vendorName: "Other" })),
            ["waf-blocks"],
        ),
        ...setEach(
            all,
            "wafv2.WebAcl",
            "rules",
            managed((own) => ({
                ...own,
                ruleActionOverrides: Array.from({ length: 20 }, (_, place) => ({
                    name: `r${place}`,
                    actionToUse: { count: {} },
                })),
            })),
            ["waf-blocks"],
        ),
        ...setEach(all, "wafv2.WebAcl", "rules", rated({ scopeDownStatement: scope }), ["rate-limiting-by-address"]),
        ...setEach(all, "wafv2.WebAcl", "rules", rated({ aggregateKeyType: "FORWARDED_IP" }), [
            "rate-limiting-by-address",
        ]),
        ...setEach(all, "elasticache.ReplicationGroup", "authToken", undefined, ["passwords-services"]).map(
            ({ name, by, change }): Mutation => ({
                name: `${name}, with an empty list of users`,
                by,
                change: (resources) =>
                    change(resources).map((resource) =>
                        shortType(resource) === "elasticache.ReplicationGroup"
                            ? changed(resource, "userGroupIds", [])
                            : resource,
                    ),
            }),
        ),
        ...schedules.flatMap((fields) =>
            setEach(
                all,
                "backup.Plan",
                "rules[0].schedule",
                `cron(${fields})`,
                ["backups-database"],
                hasName("-backup-database"),
            ),
        ),
        ...setEach(
            all,
            "backup.Plan",
            "rules[0].schedule",
            "cron(0 5 ? * SAT,SUN *)",
            ["backups-files"],
            hasName("-backup-files"),
        ),
        ...setEach(
            all,
            "backup.Selection",
            "notResources",
            [find(all, "rds.Instance", "-primary").outputs["arn"]],
            ["backups-every-resource"],
            hasName("-backup-database"),
        ),
        ...setEach(
            all,
            "backup.Selection",
            "conditions",
            [{ stringEquals: [{ key: "aws:ResourceTag/backup", value: "yes" }] }],
            ["backups-every-resource", "backups-files", "backups-audit-logs"],
        ),
        everyAlarm(
            "every alarm recovers a machine and tells nobody",
            ["alerting-routed"],
            ["arn:aws:automate:us-east-1:ec2:recover"],
        ),
        everyAlarm(
            "every alarm tells the same topic outside",
            ["alerting-routed"],
            ["arn:aws:sns:us-east-1:111122223333:everything"],
        ),
        ...setEach(all, "cloudwatch.MetricAlarm", "evaluationPeriods", 1440, ["alerting-thresholds"], isMetric),
        ...setEach(all, "cloudwatch.CompositeAlarm", "alarmRule", "FALSE", ["alerting-service-down"]),
        ...setEach(all, "index.Readiness", "inUse", [], ["licenses-procured"]),
        ...setEach(all, "index.Readiness", "inUse", undefined, ["licenses-procured"]),
        ...setEach(all, "cloudwatch.EventRule", "state", "DISABLED", ["monitoring-probes"]),
        ...setEach(all, "ssm.Association", "parameters", { action: ["Uninstall"] }, ["monitoring-agent"]),
        ...setEach(all, "lb.TargetGroup", "healthCheck.port", "9999", ["load-balancer-health-check"]),
        ...setEach(all, "lb.TargetGroup", "healthCheck.protocol", "TCP", ["load-balancer-health-check"]),
        ...setEach(all, "acm.Certificate", "status", "EXPIRED", ["certificates-installed"]),
        ...setEach(all, "acm.Certificate", "notAfter", "2020-01-01T00:00:00Z", ["certificates-installed"]),
    ];
}

function loadBalancer(all: Resource[]): Mutation[] {
    const health = ["load-balancer-health-check"];
    const sessions = ["load-balancer-sessions"];
    const [edge1, edge2] = [find(all, "ec2.Subnet", "-edge-1"), find(all, "ec2.Subnet", "-edge-2")];
    return [
        ...removeEach(all, "lb.LoadBalancer", ["load-balancer-present"]),
        ...removeEach(all, "lb.TargetGroup", ["load-balancer-present"]),
        ...removeEach(all, "lb.TargetGroupAttachment", ["app-servers-two-zones"]),
        ...setEach(all, "lb.TargetGroupAttachment", "targetId", "i-00000000000000000", ["app-servers-two-zones"]),
        ...setEach(
            all,
            "lb.TargetGroupAttachment",
            "targetGroupArn",
            "arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/x/0",
            ["app-servers-two-zones"],
        ),
        ...setEach(all, "lb.TargetGroup", "healthCheck.path", "/", health),
        ...setEach(all, "lb.TargetGroup", "healthCheck.matcher", "200-499", health),
        ...setEach(all, "lb.TargetGroup", "healthCheck.interval", 30, health),
        ...setEach(all, "lb.TargetGroup", "healthCheck.timeout", 5, health),
        ...setEach(all, "lb.TargetGroup", "healthCheck.unhealthyThreshold", 10, health),
        ...setEach(all, "lb.TargetGroup", "healthCheck.healthyThreshold", 10, health),
        ...setEach(all, "lb.TargetGroup", "healthCheck.enabled", false, health),
        ...setEach(all, "lb.TargetGroup", "healthCheck", undefined, health),
        ...setEach(all, "lb.TargetGroup", "stickiness.enabled", false, sessions),
        ...setEach(all, "lb.TargetGroup", "stickiness", undefined, sessions),
        ...setEach(all, "lb.TargetGroup", "deregistrationDelay", 3600, sessions),
        ...setEach(all, "lb.TargetGroup", "deregistrationDelay", 0, sessions),
        ...setEach(all, "lb.TargetGroup", "port", 8080, sessions),
        ...setEach(all, "lb.LoadBalancer", "internal", true, ["load-balancer-present"]),
        ...setEach(all, "lb.LoadBalancer", "enableDeletionProtection", false, ["load-balancer-protection"]),
        ...setEach(all, "lb.LoadBalancer", "accessLogs.enabled", false, ["load-balancer-protection"]),
        ...setEach(all, "lb.LoadBalancer", "accessLogs", undefined, ["load-balancer-protection"]),
        ...setEach(all, "lb.LoadBalancer", "dropInvalidHeaderFields", false, ["security-headers-valid"]),
        ...setEach(all, "lb.LoadBalancer", "dropInvalidHeaderFields", undefined, ["security-headers-valid"]),
        ...setEach(all, "lb.LoadBalancer", "idleTimeout", 4000, ["load-balancer-timeout"]),
        ...setEach(all, "lb.LoadBalancer", "subnets", [edge1.id], ["load-balancer-zones"]),
        ...setEach(
            all,
            "ec2.Subnet",
            "availabilityZone",
            edge1.outputs["availabilityZone"],
            ["load-balancer-zones"],
            ({ urn }) => urn === edge2.urn,
        ),
        ...setEach(
            all,
            "ec2.Subnet",
            "availabilityZone",
            "us-east-1f",
            ["load-balancer-reaches-servers"],
            ({ urn }) => urn === edge2.urn,
        ),
    ];
}

function servers(all: Resource[]): Mutation[] {
    const zones = ["app-servers-two-zones"];
    const [app1, app2] = [find(all, "ec2.Subnet", "-app-1"), find(all, "ec2.Subnet", "-app-2")];
    return [
        ...removeEach(all, "ec2.Instance", zones),
        ...setEach(all, "ec2.Instance", "subnetId", app1.id, zones, hasName("app2")),
        ...setEach(all, "ec2.Instance", "subnetId", app2.id, zones, hasName("app1")),
        ...setEach(
            all,
            "ec2.Subnet",
            "availabilityZone",
            app1.outputs["availabilityZone"],
            zones,
            ({ urn }) => urn === app2.urn,
        ),
        ...setEach(
            all,
            "ec2.Subnet",
            "availabilityZone",
            app2.outputs["availabilityZone"],
            zones,
            ({ urn }) => urn === app1.urn,
        ),
        ...setEach(all, "ec2.Instance", "instanceType", "t3.micro", ["app-servers-size"]),
        ...setEach(all, "ec2.Instance", "instanceType", "c7i.large", ["app-servers-size"]),
        ...setEach(all, "ec2.Instance", "rootBlockDevice.encrypted", false, ["app-servers-encrypted"]),
        ...setEach(all, "ec2.Instance", "rootBlockDevice", undefined, ["app-servers-encrypted"]),
        ...setEach(all, "ec2.Instance", "ebsBlockDevices", [{ deviceName: "/dev/sdf" }], ["app-servers-encrypted"]),
        ...setEach(all, "ec2.Instance", "associatePublicIpAddress", true, ["app-servers-private"]),
        ...setEach(all, "ec2.Instance", "disableApiTermination", false, ["app-servers-protected"]),
        ...setEach(all, "ec2.Instance", "metadataOptions.httpTokens", "optional", ["ssh-metadata-tokens"]),
        ...setEach(all, "ec2.Instance", "metadataOptions", undefined, ["ssh-metadata-tokens"]),
    ];
}

function database(all: Resource[]): Mutation[] {
    const isPrimary = hasName("-primary");
    const isReplica = hasName("-replica");
    const primary = find(all, "rds.Instance", "-primary");
    const group = find(all, "rds.ParameterGroup");
    const parameters = group.inputs["parameters"] as { name: string; value: string }[];
    const guided = parameters.filter(({ name }) => !["rds.force_ssl", "password_encryption"].includes(name));
    const change = (name: string, value: string | undefined) =>
        value === undefined
            ? parameters.filter((parameter) => parameter.name !== name)
            : parameters.map((parameter) => (parameter.name === name ? { ...parameter, value } : parameter));
    return [
        ...removeEach(all, "rds.Instance", ["database-standby", "database-replica-linked"]),
        ...setEach(all, "rds.Instance", "multiAz", false, ["database-standby"], isPrimary),
        ...setEach(all, "rds.Instance", "multiAz", undefined, ["database-standby"], isPrimary),
        ...setEach(all, "rds.Instance", "replicateSourceDb", "someone-elses", ["database-replica-linked"], isReplica),
        ...setEach(
            all,
            "rds.Instance",
            "availabilityZone",
            primary.outputs["availabilityZone"],
            ["database-replica-zone"],
            isReplica,
        ),
        ...setEach(all, "rds.Instance", "engineVersion", "14", ["database-version"], isPrimary),
        ...setEach(all, "rds.Instance", "engine", "mysql", ["database-version"], isPrimary),
        ...setEach(all, "rds.Instance", "storageEncrypted", false, ["database-encrypted"]),
        ...setEach(all, "rds.Instance", "kmsKeyId", undefined, ["database-encrypted"], isPrimary),
        ...setEach(all, "rds.Instance", "deletionProtection", false, ["database-protected"], isPrimary),
        ...setEach(all, "rds.Instance", "skipFinalSnapshot", true, ["database-protected"], isPrimary),
        ...setEach(all, "rds.Instance", "instanceClass", "db.t4g.medium", ["database-size"]),
        ...setEach(all, "rds.Instance", "allocatedStorage", 100, ["database-size"], isPrimary),
        ...setEach(all, "rds.Instance", "publiclyAccessible", true, ["database-access-private"]),
        ...setEach(all, "rds.Instance", "parameterGroupName", "default.postgres17", [
            "database-settings",
            "database-access-tls",
        ]),
        ...setEach(all, "rds.Instance", "vpcSecurityGroupIds", [], ["database-access-app-only"]),
        ...setEach(
            all,
            "rds.Instance",
            "vpcSecurityGroupIds",
            [find(all, "ec2.SecurityGroup", "-edge").id],
            ["database-access-app-only"],
        ),
        ...setEach(all, "rds.Instance", "monitoringInterval", 0, ["monitoring-database"], isPrimary),
        ...setEach(all, "rds.Instance", "performanceInsightsEnabled", false, ["monitoring-database"], isPrimary),
        ...setEach(all, "rds.Instance", "enabledCloudwatchLogsExports", [], ["monitoring-database"], isPrimary),
        ...setEach(all, "rds.Instance", "backupRetentionPeriod", 7, ["backups-point-in-time"], isPrimary),
        ...setEach(all, "rds.Instance", "backupRetentionPeriod", 0, ["backups-point-in-time"], isPrimary),
        ...guided.flatMap(({ name }) => [
            ...setEach(all, "rds.ParameterGroup", "parameters", change(name, undefined), ["database-settings"]),
            ...setEach(all, "rds.ParameterGroup", "parameters", change(name, "1"), ["database-settings"]),
        ]),
        ...setEach(all, "rds.ParameterGroup", "parameters", change("rds.force_ssl", "0"), ["database-access-tls"]),
        ...setEach(all, "rds.ParameterGroup", "parameters", change("rds.force_ssl", undefined), [
            "database-access-tls",
        ]),
    ];
}

function storage(all: Resource[]): Mutation[] {
    const target1 = find(all, "efs.MountTarget", "-1");
    const directories = ["data", "audit-logs", "support-tickets", "artifacts", "uploads"];
    const withoutMount = (directory: string) => (server: Resource) =>
        textOf(server, "userData").replaceAll(new RegExp(`^.*/opt/minusnow/${directory} (efs|nfs).*$`, "gm"), "");
    return [
        ...removeEach(all, "efs.FileSystem", ["shared-storage-present"]),
        ...removeEach(all, "efs.MountTarget", ["shared-storage-zones"]),
        ...setEach(
            all,
            "efs.MountTarget",
            "subnetId",
            target1.outputs["subnetId"],
            ["shared-storage-zones"],
            hasName("-2"),
        ),
        ...setEach(all, "efs.MountTarget", "fileSystemId", "fs-00000000000000000", ["shared-storage-zones"]),
        ...setEach(all, "efs.FileSystem", "encrypted", false, ["shared-storage-encrypted"]),
        ...setEach(all, "efs.FileSystem", "kmsKeyId", undefined, ["shared-storage-encrypted"]),
        ...removeEach(all, "efs.FileSystemPolicy", ["shared-storage-transport"]),
        ...setEach(all, "efs.FileSystemPolicy", "policy", '{"Version":"2012-10-17","Statement":[]}', [
            "shared-storage-transport",
        ]),
        ...setEach(all, "efs.FileSystemPolicy", "policy", "not even JSON", ["shared-storage-transport"]),
        ...removeEach(all, "efs.AccessPoint", ["shared-storage-directories"]),
        ...setEach(all, "efs.AccessPoint", "rootDirectory.path", "/other", ["shared-storage-directories"]),
        ...directories.flatMap((directory) =>
            setEach(all, "ec2.Instance", "userData", withoutMount(directory), ["shared-storage-mounted"]).map(
                (mutation) => ({
                    ...mutation,
                    name: `${mutation.name.split(":")[0]} does not mount ${directory}`,
                }),
            ),
        ),
        ...setEach(all, "ec2.Instance", "userData", undefined, ["shared-storage-mounted"]),
        ...setEach(all, "ec2.Instance", "userData", "#cloud-config\n", ["shared-storage-mounted"]),
    ];
}

function textOf(resource: Resource, property: string): string {
    return textAt({ value: reveal(resource.inputs[property]) }, "value") ?? "";
}

function firewall(all: Resource[]): Mutation[] {
    const isPublic = ({ inputs }: Resource) => "cidrIpv4" in inputs;
    const rules = ["firewall-internet", "firewall-tiers", "database-access-app-only", "database-access-path"];
    const open = (resource: Resource): Resource =>
        changed(changed(resource, "referencedSecurityGroupId", undefined), "cidrIpv4", "0.0.0.0/0");
    const network = find(all, "ec2.Vpc");
    const gateway = find(all, "ec2.InternetGateway");
    const group = (end: string) => find(all, "ec2.SecurityGroup", end).id;
    const opened = all
        .filter((resource) => shortType(resource) === "vpc.SecurityGroupIngressRule" && !isPublic(resource))
        .map((target): Mutation => ({
            name: `${target.name} is opened to the Internet`,
            by: ["firewall-internet"],
            change: (resources) =>
                resources.map((resource) => (resource.urn === target.urn ? open(resource) : resource)),
        }));
    const fromNetwork = all
        .filter(
            (resource) =>
                shortType(resource) === "vpc.SecurityGroupIngressRule" &&
                /-(app|database|storage|cache)-from-/.test(resource.name),
        )
        .map((target): Mutation => ({
            name: `${target.name} is opened to the whole network`,
            by: rules,
            change: (resources) =>
                resources.map((resource) =>
                    resource.urn === target.urn
                        ? changed(changed(resource, "referencedSecurityGroupId", undefined), "cidrIpv4", "10.0.0.0/16")
                        : resource,
                ),
        }));
    const inner = ({ name }: Resource) => /-(database|storage|cache)-from-app-/.test(name);
    const route = (name: string, table: string, by: string[]) =>
        added(name, by, "aws:ec2/route:Route", {
            routeTableId: find(all, "ec2.RouteTable", table).id,
            destinationCidrBlock: "0.0.0.0/0",
            gatewayId: gateway.id,
        });
    const rule = (name: string, by: string[], inputs: Values) =>
        added(name, by, "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", { ipProtocol: "tcp", ...inputs });
    const everything = { fromPort: undefined, toPort: undefined, ipProtocol: "-1" };
    return [
        ...opened,
        ...fromNetwork,
        ...setEach(
            all,
            "vpc.SecurityGroupIngressRule",
            "toPort",
            65535,
            [...rules, "ssh-no-open-port"],
            ({ name }) => !name.includes("endpoints"),
        ),
        ...setEach(all, "vpc.SecurityGroupIngressRule", "ipProtocol", "-1", [...rules, "ssh-no-open-port"]),
        ...removeEach(all, "vpc.SecurityGroupIngressRule", ["firewall-connected", "database-access-app-only"], inner),
        ...setEach(all, "vpc.SecurityGroupIngressRule", "referencedSecurityGroupId", group("-edge"), rules, inner),
        ...setEach(
            all,
            "vpc.SecurityGroupIngressRule",
            "referencedSecurityGroupId",
            "sg-00000000000000000",
            rules,
            inner,
        ),
        ...setEach(
            all,
            "vpc.SecurityGroupIngressRule",
            "referencedSecurityGroupId",
            group("-database"),
            rules,
            hasName("-app-from-edge-5000"),
        ),
        ...["-edge", "-app", "-database", "-storage", "-cache"].flatMap((end) => [
            rule(`${end} group is opened to the world on 22`, ["ssh-no-open-port"], {
                securityGroupId: group(end),
                cidrIpv4: "0.0.0.0/0",
                fromPort: 22,
                toPort: 22,
            }),
            rule(`${end} group is opened to an office on 3389`, ["ssh-no-open-port"], {
                securityGroupId: group(end),
                cidrIpv4: "198.51.100.0/24",
                fromPort: 3389,
                toPort: 3389,
            }),
            rule(`${end} group is opened to the world over IPv6`, ["firewall-internet"], {
                securityGroupId: group(end),
                cidrIpv6: "::/0",
                fromPort: 9000,
                toPort: 9000,
            }),
            rule(`${end} group is opened to half of the Internet`, ["firewall-internet"], {
                securityGroupId: group(end),
                cidrIpv4: "128.0.0.0/1",
                fromPort: 9000,
                toPort: 9000,
            }),
            rule(`${end} group is opened to everything of itself`, ["ssh-no-open-port"], {
                securityGroupId: group(end),
                referencedSecurityGroupId: group(end),
                ...everything,
            }),
        ]),
        ...["-app", "-database", "-storage", "-cache"].map((end) =>
            added(
                `${end} group is opened by a rule of the former kind`,
                ["firewall-internet"],
                "aws:ec2/securityGroupRule:SecurityGroupRule",
                {
                    type: "ingress",
                    securityGroupId: group(end),
                    protocol: "tcp",
                    fromPort: 9000,
                    toPort: 9000,
                    cidrBlocks: ["0.0.0.0/0"],
                },
            ),
        ),
        ...setEach(
            all,
            "ec2.SecurityGroup",
            "ingress",
            [{ protocol: "tcp", fromPort: 9000, toPort: 9000, cidrBlocks: ["0.0.0.0/0"] }],
            ["firewall-internet"],
        ),
        ...setEach(
            all,
            "ec2.SecurityGroup",
            "ingress",
            [{ protocol: "-1", fromPort: 0, toPort: 0, cidrBlocks: ["10.9.0.0/16"] }],
            ["ssh-no-open-port", ...rules],
            ({ name }) => !name.endsWith("-endpoints"),
        ),
        added("a stranger shares the servers' group", ["database-access-app-only"], "aws:ec2/instance:Instance", {
            id: "i-0stranger",
            vpcSecurityGroupIds: [group("-app")],
            metadataOptions: { httpTokens: "required" },
        }),
        ...removeEach(all, "ec2.DefaultSecurityGroup", ["firewall-default"]),
        ...setEach(all, "ec2.DefaultSecurityGroup", "ingress", [{ protocol: "-1", self: true }], ["firewall-default"]),
        ...setEach(
            all,
            "ec2.DefaultSecurityGroup",
            "egress",
            [{ protocol: "-1", cidrBlocks: ["0.0.0.0/0"] }],
            ["firewall-default"],
        ),
        ...removeEach(all, "ec2.FlowLog", ["firewall-flow-logs"]),
        ...setEach(all, "ec2.FlowLog", "trafficType", "REJECT", ["firewall-flow-logs"]),
        ...setEach(all, "ec2.FlowLog", "vpcId", "vpc-00000000000000000", ["firewall-flow-logs"]),
        route("the isolated subnets get a route to the Internet", "-isolated", [
            "database-access-private",
            "firewall-private-subnets",
        ]),
        route("the servers' first subnet gets a route to the Internet", "-app-1", ["firewall-private-subnets"]),
        route("the servers' second subnet gets a route to the Internet", "-app-2", ["firewall-private-subnets"]),
        added("a second network without a flow log", ["firewall-flow-logs"], "aws:ec2/vpc:Vpc", {
            id: "vpc-0second",
            cidrBlock: network.inputs["cidrBlock"],
        }),
    ];
}

function certificates(all: Resource[]): Mutation[] {
    const isHttps = hasName("-https");
    const isHttp = hasName("-http");
    const header = (suffix: string, values: (string | undefined)[]) =>
        values.flatMap((value) =>
            setEach(
                all,
                "lb.Listener",
                `routingHttpResponse${suffix}HeaderValue`,
                value,
                ["security-headers-set"],
                isHttps,
            ),
        );
    return [
        ...removeEach(all, "lb.Listener", ["certificates-installed"], isHttps),
        ...setEach(all, "lb.Listener", "port", 8443, ["certificates-installed"], isHttps),
        ...setEach(all, "lb.Listener", "protocol", "HTTP", ["certificates-installed"], isHttps),
        ...setEach(all, "lb.Listener", "certificateArn", undefined, ["certificates-installed"], isHttps),
        ...setEach(all, "lb.Listener", "certificateArn", "none", ["certificates-installed"], isHttps),
        ...removeEach(all, "acm.CertificateValidation", ["certificates-installed"]),
        ...[
            "ELBSecurityPolicy-2016-08",
            "ELBSecurityPolicy-TLS13-1-0-2021-06",
            "ELBSecurityPolicy-TLS-1-1-2017-01",
            undefined,
        ].flatMap((policy) => setEach(all, "lb.Listener", "sslPolicy", policy, ["certificates-tls"], isHttps)),
        ...setEach(
            all,
            "lb.Listener",
            "defaultActions",
            [{ type: "forward", targetGroupArn: "arn:aws:x" }],
            ["certificates-redirect"],
            isHttp,
        ),
        ...setEach(
            all,
            "lb.Listener",
            "defaultActions[0].redirect.statusCode",
            "HTTP_302",
            ["certificates-redirect"],
            isHttp,
        ),
        ...setEach(
            all,
            "lb.Listener",
            "defaultActions[0].redirect.protocol",
            "HTTP",
            ["certificates-redirect"],
            isHttp,
        ),
        ...setEach(
            all,
            "lb.Listener",
            "defaultActions",
            [{ type: "forward", targetGroupArn: "arn:aws:x" }],
            ["load-balancer-present"],
            isHttps,
        ),
        ...header("StrictTransportSecurity", [undefined, "max-age=300", "max-age=31536000"]),
        ...header("XContentTypeOptions", [undefined, "sniff"]),
        ...header("XFrameOptions", [undefined, "ALLOWALL"]),
    ];
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

function monitoring(all: Resource[]): Mutation[] {
    const agent = ["monitoring-agent"];
    const probes = ["monitoring-probes"];
    const targets = (find(all, "lambda.Function", "-probe").inputs["environment"] as { variables: { TARGETS: string } })
        .variables.TARGETS;
    const withoutTarget = (path: string) => ({ variables: { TARGETS: targets.replace(`${path}"`, '/other"') } });
    return [
        ...removeEach(all, "ssm.Association", agent),
        ...setEach(all, "ssm.Association", "targets", [{ key: "tag:other", values: ["x"] }], agent),
        ...setEach(all, "ssm.Association", "targets", [{ key: "InstanceIds", values: ["i-00000000000000000"] }], agent),
        ...setEach(all, "ssm.Association", "name", "AWS-RunPatchBaseline", agent),
        ...setEach(all, "ssm.Document", "content", '{"schemaVersion":"2.2","mainSteps":[]}', agent),
        ...setEach(all, "ec2.Instance", "tags.minusnow-servers", undefined, agent),
        ...removeEach(all, "iam.RolePolicy", ["monitoring-permission"], hasName("-agent")),
        ...removeEach(all, "cloudwatch.EventRule", probes),
        ...removeEach(all, "cloudwatch.EventTarget", probes),
        ...setEach(all, "cloudwatch.EventRule", "scheduleExpression", "rate(1 day)", probes),
        ...removeEach(all, "lambda.Function", probes, hasName("-probe")),
        ...["/health", "/api/telemetry/health", "/api/telemetry/overview"].flatMap((path) =>
            setEach(all, "lambda.Function", "environment", withoutTarget(path), probes, hasName("-probe")),
        ),
        ...removeEach(all, "cloudwatch.Dashboard", ["monitoring-dashboard"]),
    ];
}

function alarms(all: Resource[]): Mutation[] {
    const ofMetric = ({ inputs }: Resource) => "metric" in ((inputs["tags"] ?? {}) as Values);
    const isCritical = (resource: Resource) => ofMetric(resource) && resource.name.endsWith("-critical");
    const isWarning = (resource: Resource) => ofMetric(resource) && resource.name.endsWith("-warning");
    const topic = (level: string) => find(all, "sns.Topic", `-${level}`).id;
    const thresholds = ["alerting-thresholds"];
    const routes = ["alerting-routed"];
    const warningOf = (resource: Resource) =>
        find(all, "cloudwatch.MetricAlarm", resource.name.replace(/-critical$/, "-warning")).inputs["threshold"];
    return [
        ...removeEach(all, "cloudwatch.MetricAlarm", thresholds, ofMetric),
        ...setEach(
            all,
            "cloudwatch.MetricAlarm",
            "threshold",
            ({ inputs }) => Number(inputs["threshold"]) * 10,
            thresholds,
            ofMetric,
        ),
        ...setEach(all, "cloudwatch.MetricAlarm", "threshold", warningOf, thresholds, isCritical),
        ...setEach(
            all,
            "cloudwatch.MetricAlarm",
            "threshold",
            (resource) => Number(warningOf(resource)) / 2,
            routes,
            isCritical,
        ),
        ...setEach(all, "cloudwatch.MetricAlarm", "comparisonOperator", "LessThanThreshold", thresholds, ofMetric),
        ...setEach(
            all,
            "cloudwatch.MetricAlarm",
            "metricQueries",
            [{ id: "m", returnData: true, metric: { metricName: "Other", namespace: "X" } }],
            thresholds,
            ofMetric,
        ),
        ...setEach(all, "cloudwatch.MetricAlarm", "alarmActions", [], routes, ofMetric),
        ...setEach(all, "cloudwatch.MetricAlarm", "alarmActions", undefined, routes, ofMetric),
        ...setEach(all, "cloudwatch.MetricAlarm", "alarmActions", [topic("critical")], routes, isWarning),
        ...setEach(all, "cloudwatch.MetricAlarm", "alarmActions", [topic("warning")], routes, isCritical),
        ...setEach(all, "cloudwatch.MetricAlarm", "actionsEnabled", false, ["alerting-active"]),
        ...removeEach(all, "sns.TopicSubscription", ["alerting-heard"]),
        ...setEach(all, "sns.TopicSubscription", "topic", "arn:aws:sns:us-east-1:1:other", ["alerting-heard"]),
        ...setEach(all, "sns.Topic", "kmsMasterKeyId", undefined, ["alerting-encrypted"]),
        ...setEach(all, "sns.Topic", "kmsMasterKeyId", "alias/aws/sns", ["alerting-encrypted"]),
        ...setEach(
            all,
            "kms.Key",
            "policy",
            '{"Version":"2012-10-17","Statement":[]}',
            ["alerting-encrypted"],
            hasName("-topics"),
        ),
        ...removeEach(all, "cloudwatch.CompositeAlarm", ["alerting-service-down"]),
        ...setEach(all, "cloudwatch.CompositeAlarm", "alarmActions", [], ["alerting-service-down"]),
        ...setEach(all, "cloudwatch.CompositeAlarm", "actionsEnabled", false, ["alerting-active"]),
    ];
}

function backups(all: Resource[]): Mutation[] {
    const part = (name: string) => hasName(`-backup-${name}`);
    const every = ["backups-every-resource", "backups-database", "backups-files", "backups-audit-logs"];
    const isFailure = ({ name }: Resource) => /-backup-(audit-logs-)?failed$/.test(name);
    return [
        ...removeEach(all, "backup.Plan", every),
        ...removeEach(all, "backup.Selection", every),
        ...setEach(all, "backup.Selection", "resources", ["arn:aws:rds:us-east-1:1:db:other"], every),
        ...setEach(all, "backup.Selection", "planId", "00000000-0000-0000-0000-000000000000", every),
        ...setEach(
            all,
            "backup.Plan",
            "rules[0].schedule",
            "cron(0 5 * * ? *)",
            ["backups-database"],
            part("database"),
        ),
        ...setEach(
            all,
            "backup.Plan",
            "rules[0].schedule",
            "cron(0 0/8 * * ? *)",
            ["backups-database"],
            part("database"),
        ),
        ...setEach(all, "backup.Plan", "rules[0].schedule", "cron(0 5 ? * SUN *)", ["backups-files"], part("files")),
        ...setEach(all, "backup.Plan", "rules[0].schedule", "cron(0 5 1 * ? *)", every),
        ...setEach(all, "backup.Plan", "rules[0].lifecycle.deleteAfter", 7, every),
        ...setEach(
            all,
            "backup.Plan",
            "rules[0].lifecycle.coldStorageAfter",
            undefined,
            ["backups-audit-logs"],
            part("audit-logs"),
        ),
        ...setEach(all, "backup.Plan", "rules[0].copyActions", [], ["backups-copied"]),
        ...setEach(all, "backup.Plan", "rules[0].copyActions", undefined, ["backups-copied"]),
        ...setEach(all, "backup.Vault", "region", "us-east-1", ["backups-copied"], hasName("-copy")),
        ...removeEach(all, "backup.VaultLockConfiguration", ["backups-locked"]),
        ...setEach(all, "backup.VaultLockConfiguration", "backupVaultName", "other", ["backups-locked"]),
        ...setEach(all, "backup.VaultLockConfiguration", "minRetentionDays", 0, ["backups-locked"]),
        ...setEach(
            all,
            "backup.VaultLockConfiguration",
            "minRetentionDays",
            7,
            ["backups-audit-logs"],
            hasName("-audit-logs"),
        ),
        ...setEach(all, "backup.Vault", "kmsKeyArn", undefined, ["backups-encrypted"]),
        ...setEach(all, "s3.BucketVersioning", "versioningConfiguration.status", "Suspended", [
            "backups-configuration",
        ]),
        ...removeEach(all, "s3.BucketVersioning", ["backups-configuration"]),
        ...setEach(
            all,
            "s3.BucketLifecycleConfiguration",
            "rules[0].noncurrentVersionExpiration.noncurrentDays",
            7,
            ["backups-configuration"],
            hasName("-configuration"),
        ),
        ...removeEach(all, "cloudwatch.MetricAlarm", ["backups-failure"], isFailure),
        ...setEach(all, "cloudwatch.MetricAlarm", "alarmActions", [], ["backups-failure"], isFailure),
        ...setEach(all, "cloudwatch.MetricAlarm", "threshold", 5, ["backups-failure"], isFailure),
    ];
}

function readiness(all: Resource[]): Mutation[] {
    const component = find(all, "index.Readiness");
    const list = (name: string) => (component.outputs[name] ?? []) as Values[];
    const each = (name: "attestations" | "licences", changes: Values, by: (entry: Values) => string[]) =>
        list(name).map((entry, place): Mutation => ({
            name: `${name}[${place}]: ${JSON.stringify(changes)}`,
            by: by(entry),
            change: (resources) =>
                resources.map((resource) =>
                    resource.urn === component.urn
                        ? changed(
                              resource,
                              name,
                              list(name).map((other, at) => (at === place ? { ...other, ...changes } : other)),
                          )
                        : resource,
                ),
        }));
    const gone = (name: "attestations" | "licences", by: (entry: Values) => string[]) =>
        list(name).map((entry, place): Mutation => ({
            name: `${name}[${place}] is gone`,
            by: by(entry),
            change: (resources) =>
                resources.map((resource) =>
                    resource.urn === component.urn
                        ? changed(
                              resource,
                              name,
                              list(name).filter((_, at) => at !== place),
                          )
                        : resource,
                ),
        }));
    const attested = ({ item }: Values) => [`${item as string}-attested`];
    const licensed = () => ["licenses-procured"];
    const records: Values[] = [
        { owner: "" },
        { evidence: "see the wiki" },
        { evidence: "http://wiki.example.com" },
        { date: "soon" },
        { date: "2026-02-30" },
        { expires: "2029-01-01" },
        { expires: "2025-01-01" },
        { date: "2024-11-25", expires: "2025-11-24", example: false },
        { date: "2031-01-01", expires: "2031-06-01", example: false },
    ];
    return [
        ...removeEach(all, "index.Readiness", ["disaster-recovery-attested", "licenses-procured"]),
        ...gone("attestations", attested),
        ...records.flatMap((changes) => each("attestations", changes, attested)),
        ...gone("licences", licensed),
        ...records.flatMap((changes) => each("licences", changes, licensed)),
        ...[{ vendor: "" }, { product: "Something else" }, { agreement: "" }].flatMap((changes) =>
            each("licences", changes, licensed),
        ),
        ...[
            { keyLocation: "" },
            { keyLocation: "ABCD-1234-EFGH-5678-IJKL" },
            { keyLocation: "c2VjcmV0LWxpY2Vuc2Uta2V5LTEyMzQ1" },
        ].flatMap((changes) => each("licences", changes, () => ["license-keys-secured"])),
        ...[{ renewal: "" }, { renewal: "next year" }, { renewal: "2025-01-01", example: false }].flatMap((changes) =>
            each("licences", changes, () => ["renewal-dates-tracked"]),
        ),
        ...each("licences", { compliance: " " }, () => ["compliance-stated"]),
    ];
}
