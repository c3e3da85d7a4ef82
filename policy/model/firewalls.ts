import { aws, azure } from "../types";
import type { Resource, Stack } from "../stack";
import { type Service, services } from "./service";

/** A public load balancer with the web application firewall that is attached to this very one. */
export interface ProtectedService {
    service: Service;
    firewall: Resource | undefined;
}

export function protectedServices(stack: Stack): ProtectedService[] {
    return services(stack).map((service) => ({ service, firewall: firewallOf(stack, service.balancer) }));
}

function firewallOf(stack: Stack, balancer: Resource): Resource | undefined {
    if (balancer.type === azure.gateway) {
        return stack.referred(balancer, "firewallPolicy", stack.of(azure.firewallPolicy));
    }
    const association = stack
        .of(aws.webAclAssociation)
        .find((other) => other.refersTo("resourceArn", balancer) === true);
    return association && stack.referred(association, "webAclArn", stack.of(aws.webAcl));
}
