import type { Resource } from "../../../plan/engine/resource";
import type { Values } from "../../../plan/engine/values";
import { added, changed, find, hasName, type Mutation, setEach, shortType, textOf } from "../change";

/** Defects by another way than the library's own resources. */
export function roundabout(all: Resource[]): Mutation[] {
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
