import * as dns from "@pulumi/azure-native/dns";
import * as network from "@pulumi/azure-native/network";
import * as pulumi from "@pulumi/pulumi";
import { refuseDeletion } from "../azure-lock";

/** What users enter by: a public address and a name for it. */
export interface EntryArgs {
    resourceGroupName: pulumi.Input<string>;
    hostname: pulumi.Input<string>;
    dnsZone?: string;
    dnsResourceGroup?: string;
    zones: pulumi.Input<string[]>;
    deletionProtection?: boolean;
    tags?: { [key: string]: pulumi.Input<string> };
}

interface Child {
    parent: pulumi.Resource;
}

/** What is wrong with the name's zone. */
export function entryProblems({ dnsZone, dnsResourceGroup }: EntryArgs): string[] {
    return (dnsZone === undefined) === (dnsResourceGroup === undefined)
        ? []
        : ["dnsZone and dnsResourceGroup: found one of them, allowed are both or none"];
}

/** A public address in all zones, which nobody may delete. */
export function createAddress(name: string, args: EntryArgs, child: Child): network.PublicIPAddress {
    const { resourceGroupName, zones, deletionProtection = true, tags } = args;
    const address = new network.PublicIPAddress(
        name,
        {
            resourceGroupName,
            sku: { name: "Standard" },
            publicIPAllocationMethod: "Static",
            zones,
            ddosSettings: { protectionMode: "VirtualNetworkInherited" },
            tags,
        },
        // Azure makes three zones of two, and refuses to change them.
        { ...child, ignoreChanges: ["zones"] },
    );
    if (deletionProtection) {
        refuseDeletion(`${name}-address`, address.id, child);
    }
    return address;
}

/** What a host name is called in its zone. */
export const nameInZone = (hostname: string, zone: string) =>
    hostname === zone ? "@" : hostname.slice(0, -zone.length - 1);

/** Points the host name to the address, where its zone is given. */
export function pointHostname(name: string, address: network.PublicIPAddress, args: EntryArgs, child: Child): void {
    const { dnsZone, dnsResourceGroup, hostname } = args;
    if (dnsZone === undefined || dnsResourceGroup === undefined) {
        return;
    }
    new dns.RecordSet(
        name,
        {
            resourceGroupName: dnsResourceGroup,
            zoneName: dnsZone,
            relativeRecordSetName: pulumi.output(hostname).apply((host) => nameInZone(host, dnsZone)),
            recordType: "A",
            ttl: 300,
            targetResource: { id: address.id },
        },
        child,
    );
}
