import type { Resource } from "../../../plan/engine/resource";
import { find, hasName, type Mutation, removeEach, setEach, textOf } from "../change";

/** Defects of balancer, servers, database, storage and certificates. */
export function infrastructure(all: Resource[]): Mutation[] {
    return [...loadBalancer(all), ...servers(all), ...database(all), ...storage(all), ...certificates(all)];
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
