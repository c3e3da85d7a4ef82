import { Address4 } from "ip-address";
import { type SubnetRole, subnetRoles } from "../reference";

/** Longest prefix of a subnet: a load balancer needs a /27 on AWS. */
const LONGEST_PREFIX = 27;
/** Bits by which a subnet is smaller than the address space, where that leaves at least a /27. */
const SUBNET_BITS = 8;
/** Subnets set aside for each zone, where the address space has room for four zones of them. */
const ROOMY_STRIDE = 16;

/** The address of each role's subnet in each zone, as CIDR blocks; the first zone's come first. */
export type AddressPlan = { [role in SubnetRole]: string[] };

/**
 * Divides an address space into one subnet per role and zone, none overlapping. 10.0.0.0/16 gives the guide's networks
 * in the first zone: edge 10.0.0.0/24, app 10.0.1.0/24, database 10.0.2.0/24, storage 10.0.3.0/24, cache 10.0.4.0/24;
 * the second zone's start at 10.0.16.0/24. Adding a zone moves no existing subnet.
 *
 * @throws Error when the text is no IPv4 network or it has no room for that many zones.
 */
export function planAddresses(addressSpace: string, zones: number): AddressPlan {
    const space = parseNetwork(addressSpace);
    const prefix = Math.min(space.subnetMask + SUBNET_BITS, LONGEST_PREFIX);
    const available = 2 ** Math.max(prefix - space.subnetMask, 0);
    const stride = available >= 4 * ROOMY_STRIDE ? ROOMY_STRIDE : subnetRoles.length;
    if (zones * stride > available) {
        throw new Error(
            `address space ${addressSpace} has no room for ${subnetRoles.length} subnets of at least /${LONGEST_PREFIX} in ` +
                `each of ${zones} zones; use ${smallestSpace(zones)} or a larger network`,
        );
    }
    const subnetSize = 2n ** BigInt(32 - prefix);
    const start = space.startAddress().bigInt();
    const subnet = (index: number) => `${Address4.fromBigInt(start + BigInt(index) * subnetSize).address}/${prefix}`;
    return Object.fromEntries(
        subnetRoles.map((role, place) => [
            role,
            Array.from({ length: zones }, (_, zone) => subnet(zone * stride + place)),
        ]),
    ) as AddressPlan;
}

/**
 * The address with a host number inside a subnet, for example `hostAddress("10.0.1.0/24", 10)` is `10.0.1.10`.
 *
 * @throws Error when the subnet has no such host.
 */
export function hostAddress(subnet: string, host: number): string {
    const network = parseNetwork(subnet);
    const size = 2 ** (32 - network.subnetMask);
    if (host >= size - 1) {
        throw new Error(`subnet ${subnet} has no host number ${host}`);
    }
    return Address4.fromBigInt(network.startAddress().bigInt() + BigInt(host)).address;
}

/** True when two networks share an address. */
export function networksOverlap(one: string, other: string): boolean {
    const [a, b] = [parseNetwork(one), parseNetwork(other)];
    return a.isInSubnet(b) || b.isInSubnet(a);
}

/** True when `inner` lies wholly inside `outer`. */
export function networkContains(outer: string, inner: string): boolean {
    const [large, small] = [parseNetwork(outer), parseNetwork(inner)];
    return small.subnetMask >= large.subnetMask && small.isInSubnet(large);
}

/**
 * Reads an IPv4 network in CIDR notation; bits to the right of the prefix must be zero.
 *
 * @throws Error with what was found and what is allowed.
 */
export function parseNetwork(text: string): Address4 {
    if (!/^[\d.]+\/\d+$/.test(text) || !Address4.isValid(text)) {
        throw new Error(`'${text}' is not an IPv4 network; write an address and a prefix, for example 10.0.0.0/16`);
    }
    const network = new Address4(text);
    const start = network.startAddress().address;
    if (network.correctForm() !== start) {
        throw new Error(
            `'${text}' has address bits to the right of its prefix; did you mean ${start}/${network.subnetMask}?`,
        );
    }
    return network;
}

function smallestSpace(zones: number): string {
    const bits = Math.ceil(Math.log2(zones * subnetRoles.length));
    return `a /${LONGEST_PREFIX - bits}`;
}
