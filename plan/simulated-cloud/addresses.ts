import { Address4 } from "ip-address";
import { digits } from "./world";

/** An address from the range that is kept for documentation. */
export function publicAddress(text: string): string {
    return `203.0.113.${(Number.parseInt(digits(text, 4), 16) % 254) + 1}`;
}

/** An address of a subnet that is not one of those which a cloud keeps for itself: the first four and the last. */
export function freeAddress(cidrBlock: string | undefined, text: string): string {
    const subnet = new Address4(cidrBlock ?? "10.255.0.0/24");
    const size = 2 ** (32 - subnet.subnetMask);
    const offset = 4 + (Number.parseInt(digits(text, 8), 16) % Math.max(size - 5, 1));
    return Address4.fromBigInt(subnet.startAddress().bigInt() + BigInt(offset)).address;
}

/** True when an address is not one that a host of the subnet can have: a cloud keeps the first four and the last. */
export function reservedAddress(subnet: string, address: string): boolean {
    const network = new Address4(subnet);
    const offset = Number(new Address4(address).bigInt() - network.startAddress().bigInt());
    return offset < 4 || offset === 2 ** (32 - network.subnetMask) - 1;
}
