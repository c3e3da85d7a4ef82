import type { NewResource } from "../../engine/resource";
import { digits, textAt } from "../world";

/** How a resource is named when its program does not say: Pulumi appends seven hexadecimal digits to the logical name. */
interface Naming {
    /** Input that holds the name. */
    property: string;
    /** Longest name, where the provider knows one. */
    longest?: number;
}

const namings: Record<string, Naming> = {
    "aws:ec2/securityGroup:SecurityGroup": { property: "name", longest: 255 },
    "aws:cloudwatch/logGroup:LogGroup": { property: "name", longest: 512 },
    "aws:iam/role:Role": { property: "name", longest: 64 },
    "aws:iam/rolePolicy:RolePolicy": { property: "name", longest: 128 },
    "aws:iam/instanceProfile:InstanceProfile": { property: "name", longest: 128 },
    "aws:kms/alias:Alias": { property: "name", longest: 256 },
    "aws:secretsmanager/secret:Secret": { property: "name", longest: 512 },
    "aws:ssm/parameter:Parameter": { property: "name", longest: 2048 },
    "aws:rds/subnetGroup:SubnetGroup": { property: "name", longest: 255 },
    "aws:rds/parameterGroup:ParameterGroup": { property: "name", longest: 255 },
    "aws:rds/instance:Instance": { property: "identifier", longest: 63 },
    "aws:lambda/function:Function": { property: "name", longest: 64 },
    "aws:elasticache/subnetGroup:SubnetGroup": { property: "name", longest: 255 },
    "aws:elasticache/parameterGroup:ParameterGroup": { property: "name", longest: 255 },
    "aws:elasticache/replicationGroup:ReplicationGroup": { property: "replicationGroupId", longest: 40 },
    "aws:s3/bucket:Bucket": { property: "bucket", longest: 63 },
    "aws:lb/loadBalancer:LoadBalancer": { property: "name", longest: 32 },
    "aws:lb/targetGroup:TargetGroup": { property: "name", longest: 32 },
    "aws:sns/topic:Topic": { property: "name", longest: 256 },
    "aws:cloudwatch/metricAlarm:MetricAlarm": { property: "name", longest: 255 },
    "aws:cloudwatch/eventRule:EventRule": { property: "name", longest: 64 },
    "aws:ssm/document:Document": { property: "name", longest: 128 },
    "aws:backup/vault:Vault": { property: "name", longest: 50 },
    "aws:backup/plan:Plan": { property: "name", longest: 50 },
    "aws:backup/selection:Selection": { property: "name", longest: 50 },
    "aws:wafv2/webAcl:WebAcl": { property: "name", longest: 128 },
};

/** The physical name of a new resource, and what is wrong with it. */
export function nameOf(resource: NewResource): { name: string; property?: string; refusal?: string } {
    const naming = namings[resource.type];
    if (!naming) {
        return { name: resource.name };
    }
    const { property, longest } = naming;
    const prefix = textAt(resource.inputs, `${property}Prefix`);
    const name = textAt(resource.inputs, property) ?? `${prefix ?? `${resource.name}-`}${digits(resource.urn, 7)}`;
    return longest !== undefined && name.length > longest
        ? {
              name,
              property,
              refusal: `${property} '${name}' has ${name.length} characters, allowed are ${longest}; give the deployment a shorter name`,
          }
        : { name, property };
}
