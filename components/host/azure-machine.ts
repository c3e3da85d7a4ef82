import * as compute from "@pulumi/azure-native/compute";
import * as network from "@pulumi/azure-native/network";
import * as pulumi from "@pulumi/pulumi";
import { OperatingSystem } from "./operating-system";

/** A machine without a public address; on Linux nobody logs in by password. */
export interface MachineArgs {
    resourceGroupName: pulumi.Input<string>;
    subnetId: pulumi.Input<string>;
    /** Default: any free address of the subnet. */
    privateAddress?: string;
    firewallGroupId: pulumi.Input<string>;
    /** Id of a load balancer's group of machines that it belongs to: one public or one internal. Default: none. */
    poolId?: pulumi.Input<string>;
    zone: pulumi.Input<string>;
    size: pulumi.Input<string>;
    /** Name by which others know the machine before it is made. Default: one that nobody has. */
    machineName?: pulumi.Input<string>;
    /** Default Ubuntu 24.04 LTS. */
    os?: OperatingSystem;
    /** Id of an image. Default that of the system, the newest when the machine is made. */
    image?: pulumi.Input<string>;
    /** At least what the system's image has. */
    diskGib: number;
    /** Id of a disk for data, which stays when the machine goes. Default: none. */
    dataDiskId?: pulumi.Input<string>;
    diskEncryptionSetId: pulumi.Input<string>;
    identityId: pulumi.Input<string>;
    /** Public key of the user `azureuser`, on Linux. */
    sshPublicKey: pulumi.Input<string>;
    /** For a machine that runs Windows. Default Linux. */
    windows?: WindowsLogin;
    /** Whether Azure may restart the machine for its patches. Default IfRequired. */
    reboots?: "IfRequired" | "Never";
    /** First-boot script. */
    userData: pulumi.Output<string>;
    /** True lets an update replace the machine when its image, first-boot script, zone or disk is another one. */
    renew: boolean;
    tags?: { [key: string]: pulumi.Input<string> };
}

/** What Windows has in place of a key. */
export interface WindowsLogin {
    /** Name of at most 15 characters. */
    computerName: string;
    /** Password of the user `azureuser`. */
    password: pulumi.Input<string>;
}

/** A machine with what others need of its network card. */
export interface Machine {
    machine: compute.VirtualMachine;
    privateAddress: pulumi.Output<string>;
}

/** Azure resolves `latest` when a machine is made and does not look again. */
const images: { [os in OperatingSystem]?: { publisher: string; offer: string; sku: string; diskGib: number } } = {
    "ubuntu-24.04": { publisher: "Canonical", offer: "ubuntu-24_04-lts", sku: "server", diskGib: 30 },
    "rhel-9": { publisher: "RedHat", offer: "RHEL", sku: "9-lvm-gen2", diskGib: 64 },
    "windows-server-2025": {
        publisher: "MicrosoftWindowsServer",
        offer: "WindowsServer",
        sku: "2025-datacenter-azure-edition",
        diskGib: 127,
    },
};

/** What Azure changes only by making another machine; it refuses a change of the present one. */
const FIXED = ["osProfile", "storageProfile", "zones"];
/** What restarts a machine when it changes. */
const RESTARTS = ["hardwareProfile"];

/** A machine keeps its image, first-boot script, size and disk until it is to be renewed. */
export function createMachine(name: string, args: MachineArgs, child: pulumi.CustomResourceOptions): Machine {
    const { os = OperatingSystem.Ubuntu2404 } = args;
    const { diskGib: imageGib, ...image } = images[os]!;
    const card = createCard(name, args, child);
    const machine = new compute.VirtualMachine(
        name,
        {
            resourceGroupName: args.resourceGroupName,
            ...(args.machineName !== undefined && { vmName: args.machineName }),
            zones: [args.zone],
            hardwareProfile: { vmSize: args.size },
            identity: { type: "UserAssigned", userAssignedIdentities: [args.identityId] },
            networkProfile: { networkInterfaces: [{ id: card.id, primary: true, deleteOption: "Detach" }] },
            osProfile: {
                adminUsername: "azureuser",
                customData: args.userData.apply((text) => Buffer.from(text).toString("base64")),
                ...(args.windows ? windowsProfile(args, args.windows) : linuxProfile(name, args)),
            },
            storageProfile: {
                imageReference: args.image === undefined ? { ...image, version: "latest" } : { id: args.image },
                osDisk: {
                    createOption: "FromImage",
                    caching: "ReadWrite",
                    deleteOption: "Delete",
                    diskSizeGB: Math.max(args.diskGib, imageGib),
                    managedDisk: {
                        storageAccountType: "Premium_LRS",
                        diskEncryptionSet: { id: args.diskEncryptionSetId },
                    },
                },
                ...(args.dataDiskId !== undefined && { dataDisks: [dataDisk(args.dataDiskId)] }),
            },
            securityProfile: {
                encryptionAtHost: true,
                securityType: "TrustedLaunch",
                uefiSettings: { secureBootEnabled: true, vTpmEnabled: true },
            },
            diagnosticsProfile: { bootDiagnostics: { enabled: true } },
            tags: args.tags,
        },
        {
            ...child,
            deleteBeforeReplace: true,
            ...(args.renew ? { replaceOnChanges: FIXED } : { ignoreChanges: [...FIXED, ...RESTARTS] }),
        },
    );
    const privateAddress = card.ipConfigurations.apply((list) => list![0]!.privateIPAddress!);
    return { machine, privateAddress };
}

const patchSettings = ({ reboots = "IfRequired" }: MachineArgs) => ({
    patchMode: "AutomaticByPlatform",
    assessmentMode: "AutomaticByPlatform",
    automaticByPlatformSettings: { rebootSetting: reboots },
});

function linuxProfile(name: string, args: MachineArgs) {
    return {
        computerName: name.slice(-63),
        linuxConfiguration: {
            disablePasswordAuthentication: true,
            ssh: { publicKeys: [{ path: "/home/azureuser/.ssh/authorized_keys", keyData: args.sshPublicKey }] },
            patchSettings: patchSettings(args),
            provisionVMAgent: true,
        },
    };
}

function windowsProfile(args: MachineArgs, { computerName, password }: WindowsLogin) {
    return {
        computerName,
        adminPassword: password,
        windowsConfiguration: {
            // Azure wants it on for patches by its own order.
            enableAutomaticUpdates: true,
            patchSettings: patchSettings(args),
            provisionVMAgent: true,
        },
    };
}

const dataDisk = (id: pulumi.Input<string>) =>
    ({ lun: 0, createOption: "Attach", deleteOption: "Detach", caching: "None", managedDisk: { id } }) as const;

function createCard(name: string, args: MachineArgs, child: pulumi.CustomResourceOptions): network.NetworkInterface {
    const { resourceGroupName, subnetId, privateAddress, firewallGroupId, poolId, tags } = args;
    const pool = poolId !== undefined && { loadBalancerBackendAddressPools: [{ id: poolId }] };
    const address =
        privateAddress === undefined
            ? { privateIPAllocationMethod: "Dynamic" }
            : { privateIPAllocationMethod: "Static", privateIPAddress: privateAddress };
    return new network.NetworkInterface(
        name,
        {
            resourceGroupName,
            ipConfigurations: [{ name: "default", subnet: { id: subnetId }, ...address, ...pool }],
            networkSecurityGroup: { id: firewallGroupId },
            enableAcceleratedNetworking: true,
            tags,
        },
        child,
    );
}
