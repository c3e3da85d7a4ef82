import type * as lb from "@pulumi/aws/lb";
import * as route53 from "@pulumi/aws/route53";
import type * as pulumi from "@pulumi/pulumi";

/** The host name's record: an alias of the balancer. */
export function pointHostname(
    name: string,
    hostname: pulumi.Input<string>,
    zoneId: pulumi.Input<string>,
    balancer: lb.LoadBalancer,
    child: { parent: pulumi.Resource },
): void {
    const aliases = [{ name: balancer.dnsName, zoneId: balancer.zoneId, evaluateTargetHealth: true }];
    new route53.Record(name, { zoneId, name: hostname, type: "A", aliases }, child);
}
