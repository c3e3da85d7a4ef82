import { at, form, isSet, listAt, numberAt, range, textAt, type Trap, when } from "../../trap";
import { azurerm, learn, spec } from "./sources";

const MACHINE = "azure-native:compute:VirtualMachine";
const COMMAND = "azure-native:compute:VirtualMachineRunCommandByVirtualMachine";
const EXTENSION = "azure-native:compute:VirtualMachineExtension";
const DISKS = "azure-native:compute:DiskEncryptionSet";
const DISK = "azure-native:compute:Disk";
const machineSource = azurerm("compute/linux_virtual_machine_resource.go");

/** Regions without availability zones. */
const ZONELESS =
    /^(westus|northcentralus|westcentralus|ukwest|canadaeast|australiasoutheast|australiacentral2?|southindia|westindia|jioindia(west|central)|koreasouth|germanynorth|norwaywest|switzerlandwest|francesouth|southafricawest|uaecentral|brazilsoutheast)$/;
/** Decoded bytes of custom data. */
const CUSTOM_DATA_BYTES = 65_535;
const MOST_COMMANDS = 25;

const size = (inputs: Parameters<typeof textAt>[0]) => textAt(inputs, "hardwareProfile.vmSize");

const isWindows = (inputs: Parameters<typeof textAt>[0]) => isSet(inputs, "osProfile.windowsConfiguration");
/** Size of Windows Server's image. */
const WINDOWS_GIB = 127;

function isStrong(password: string): boolean {
    const kinds = [/[a-z]/, /[A-Z]/, /\d/, /[^A-Za-z\d]/].filter((kind) => kind.test(password));
    return password.length >= 12 && password.length <= 123 && kinds.length >= 3;
}

const extensionSystems: Record<string, "Linux" | "Windows" | undefined> = {
    AzureMonitorLinuxAgent: "Linux",
    AzureMonitorWindowsAgent: "Windows",
    CustomScript: "Linux",
    CustomScriptExtension: "Windows",
};

export const computeTraps: readonly Trap[] = [
    form(
        "azure-machine-computer-name",
        MACHINE,
        "osProfile.computerName",
        /^(?!.*[\\/"[\]:|<>+=;,?*@&_])(?!.*[.-]$)[^\s]{1,64}$/,
        (name) =>
            `InvalidParameter: The value '${name}' of parameter 'computerName' is invalid. It has at most 64 characters and no special ones.`,
        learn("azure-resource-manager/management/resource-name-rules"),
    ),
    when(
        "azure-machine-login",
        MACHINE,
        (inputs) =>
            isSet(inputs, "osProfile.linuxConfiguration") &&
            !isSet(inputs, "osProfile.adminPassword") &&
            listAt(inputs, "osProfile.linuxConfiguration.ssh.publicKeys").length === 0,
        "InvalidParameter: Authentication using either SSH or by user name and password must be enabled in Linux profile.",
        machineSource,
    ),
    when(
        "azure-machine-key",
        MACHINE,
        (inputs) =>
            listAt(inputs, "osProfile.linuxConfiguration.ssh.publicKeys").some((key) => {
                const text = textAt(key, "keyData");
                return (
                    text !== undefined && !/^(ssh-rsa|ssh-ed25519) [A-Za-z0-9+/]{60,}={0,3}( .*)?$/.test(text.trim())
                );
            }),
        "InvalidParameter: The value of parameter linuxConfiguration.ssh.publicKeys.keyData is invalid.",
        learn("virtual-machines/linux/create-ssh-keys-detailed"),
    ),
    when(
        "azure-machine-key-path",
        MACHINE,
        (inputs) => {
            const user = textAt(inputs, "osProfile.adminUsername");
            return listAt(inputs, "osProfile.linuxConfiguration.ssh.publicKeys").some(
                (key) => isSet(key, "path") && at(key, "path") !== `/home/${user}/.ssh/authorized_keys`,
            );
        },
        "InvalidParameter: Destination path for SSH public keys is currently limited to its default value /home/<username>/.ssh/authorized_keys due to a known issue in Linux provisioning agent.",
        machineSource,
    ),
    when(
        "azure-machine-two-systems",
        MACHINE,
        (inputs) => isSet(inputs, "osProfile.linuxConfiguration") && isSet(inputs, "osProfile.windowsConfiguration"),
        "InvalidParameter: linuxConfiguration and windowsConfiguration exclude each other",
        spec("compute"),
    ),
    when(
        "azure-windows-computer-name",
        MACHINE,
        (inputs) => {
            const name = textAt(inputs, "osProfile.computerName") ?? "server";
            return isWindows(inputs) && (name.length > 15 || /^\d+$/.test(name));
        },
        "InvalidParameter: Windows computer name cannot be more than 15 characters long, be entirely numeric, or contain the following characters.",
        learn("azure-resource-manager/management/resource-name-rules"),
    ),
    when(
        "azure-windows-password",
        MACHINE,
        (inputs) => {
            const password = textAt(inputs, "osProfile.adminPassword");
            return (
                isWindows(inputs) &&
                (at(inputs, "osProfile.adminPassword") === undefined || (password !== undefined && !isStrong(password)))
            );
        },
        "InvalidParameter: The supplied password must be between 12-123 characters long and must satisfy at least 3 of password complexity requirements: an uppercase character, a lowercase character, a numeric digit, a special character.",
        learn("virtual-machines/windows/faq"),
    ),
    when(
        "azure-windows-disk",
        MACHINE,
        (inputs) =>
            textAt(inputs, "storageProfile.imageReference.publisher") === "MicrosoftWindowsServer" &&
            !/smalldisk/.test(textAt(inputs, "storageProfile.imageReference.sku") ?? "") &&
            (numberAt(inputs, "storageProfile.osDisk.diskSizeGB") ?? WINDOWS_GIB) < WINDOWS_GIB,
        "ResizeDiskError: The specified disk size is smaller than the size of the corresponding disk in the VM image: 127 GB.",
        azurerm("compute/windows_virtual_machine_resource.go"),
    ),
    when(
        "azure-windows-patches",
        MACHINE,
        (inputs) =>
            at(inputs, "osProfile.windowsConfiguration.patchSettings.patchMode") === "AutomaticByPlatform" &&
            (at(inputs, "osProfile.windowsConfiguration.enableAutomaticUpdates") === false ||
                at(inputs, "osProfile.windowsConfiguration.provisionVMAgent") === false),
        "InvalidParameter: patchMode AutomaticByPlatform needs provisionVMAgent and enableAutomaticUpdates",
        learn("virtual-machines/automatic-vm-guest-patching"),
    ),
    form(
        "azure-machine-user",
        MACHINE,
        "osProfile.adminUsername",
        /^(?!(admin|administrator|root|user|test|guest|owner|sys|server|backup|console|support|david|john|aspnet|sql|actuser|adm|a|1|123)$)[a-z_][a-z0-9_-]{0,31}$/,
        (name) => `InvalidParameter: The Admin Username '${name}' specified is not allowed.`,
        learn("virtual-machines/linux/faq"),
    ),
    when(
        "azure-machine-custom-data",
        MACHINE,
        (inputs) => Buffer.from(textAt(inputs, "osProfile.customData") ?? "", "base64").length > CUSTOM_DATA_BYTES,
        "InvalidParameter: Custom data in OSProfile must be in Base64 encoding and with a maximum length of 87380 characters.",
        learn("virtual-machines/custom-data"),
    ),
    form(
        "azure-machine-custom-data-encoding",
        MACHINE,
        "osProfile.customData",
        /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/,
        () =>
            "InvalidParameter: Custom data in OSProfile must be in Base64 encoding and with a maximum length of 87380 characters.",
        learn("virtual-machines/custom-data"),
    ),
    when(
        "azure-machine-zone",
        MACHINE,
        (inputs) => isSet(inputs, "zones") && ZONELESS.test(textAt(inputs, "location") ?? ""),
        "AvailabilityZoneNotSupported: The zone(s) for resource is not supported. The supported zones for location are ''.",
        learn("reliability/availability-zones-region-support"),
    ),
    when(
        "azure-machine-one-zone",
        MACHINE,
        (inputs) => listAt(inputs, "zones").length > 1,
        "ResourceCannotHaveMultipleZonesSpecified: Resource cannot have multiple zones specified. Only one zone can be specified.",
        learn("reliability/availability-zones-overview"),
    ),
    when(
        "azure-machine-premium-disk",
        MACHINE,
        (inputs) =>
            (textAt(inputs, "storageProfile.osDisk.managedDisk.storageAccountType") ?? "").startsWith("Premium") &&
            /^Standard_[A-Z]+\d+(-\d+)?(?![a-z]*s)[a-z]*(_v\d+)?$/.test(size(inputs) ?? ""),
        "InvalidParameter: Requested operation cannot be performed because the VM size does not support the storage account type Premium_LRS of disk.",
        learn("virtual-machines/vm-naming-conventions"),
    ),
    when(
        "azure-machine-nvme",
        MACHINE,
        (inputs) => /_v[67]$/.test(size(inputs) ?? "") && at(inputs, "storageProfile.diskControllerType") === "SCSI",
        "InvalidParameter: The VM size cannot boot with the disk controller type SCSI; sizes from version 6 on have NVMe only.",
        learn("virtual-machines/nvme-overview"),
    ),
    when(
        "azure-machine-accelerated-network",
        MACHINE,
        (inputs, world) => {
            const burstable = /^Standard_B(1l|1m|2m|4m|8m|2|1)s$/.test(size(inputs) ?? "");
            const cards = listAt(inputs, "networkProfile.networkInterfaces").map((card) =>
                world.find("azure-native:network:NetworkInterface", at(card, "id")),
            );
            return burstable && cards.some((card) => card?.values["enableAcceleratedNetworking"] === true);
        },
        "VMSizeIsNotPermittedToEnableAcceleratedNetworking: The VM size is not permitted to enable accelerated networking.",
        learn("virtual-network/accelerated-networking-overview"),
    ),
    when(
        "azure-machine-trusted-image",
        MACHINE,
        (inputs) =>
            at(inputs, "securityProfile.securityType") === "TrustedLaunch" &&
            /gen1|^\d+[._]\d+-lts$|^\d+$/.test(textAt(inputs, "storageProfile.imageReference.sku") ?? ""),
        "BadRequest: The VM of Hypervisor Generation '1' does not support security type TrustedLaunch. Use an image of generation 2.",
        learn("virtual-machines/trusted-launch"),
    ),
    when(
        "azure-machine-card-in-use",
        MACHINE,
        (inputs, world) => {
            const taken = world
                .ofType(MACHINE)
                .flatMap(({ values }) => listAt(values, "networkProfile.networkInterfaces"))
                .map((card) => textAt(card, "id"));
            return listAt(inputs, "networkProfile.networkInterfaces").some((card) => {
                const id = textAt(card, "id");
                return id !== undefined && taken.includes(id);
            });
        },
        "NicInUse: Network Interface is used by existing resource.",
        machineSource,
    ),
    when(
        "azure-command-count",
        COMMAND,
        (inputs, world) =>
            isSet(inputs, "vmName") &&
            world.ofType(COMMAND).filter(({ values }) => values["vmName"] === inputs["vmName"]).length >= MOST_COMMANDS,
        "BadRequest: the maximum number of run commands of a virtual machine, 25, is reached",
        learn("virtual-machines/linux/run-command-managed"),
    ),
    when(
        "azure-command-source",
        COMMAND,
        (inputs) =>
            ["source.script", "source.scriptUri", "source.commandId"].filter((path) => isSet(inputs, path)).length !==
            1,
        "InvalidParameter: a run command has one of script, scriptUri and commandId",
        learn("virtual-machines/linux/run-command-managed"),
    ),
    when(
        "azure-command-timeout",
        COMMAND,
        (inputs) =>
            (numberAt(inputs, "timeoutInSeconds") ?? 1) < 1 || (numberAt(inputs, "timeoutInSeconds") ?? 1) > 7_776_000,
        "InvalidParameter: timeoutInSeconds of a run command is 1 to 7776000",
        learn("virtual-machines/linux/run-command-managed"),
    ),
    when(
        "azure-extension-system",
        EXTENSION,
        (inputs, world) => {
            const machine = world
                .ofType(MACHINE)
                .find(({ values }) => values["name"] === inputs["vmName"] && isSet(inputs, "vmName"));
            const needed = extensionSystems[textAt(inputs, "type") ?? ""];
            return (
                machine !== undefined &&
                needed !== undefined &&
                needed !== (isWindows(machine.values) ? "Windows" : "Linux")
            );
        },
        "OperationNotAllowed: the extension is for another operating system than the machine's",
        learn("virtual-machines/extensions/overview"),
    ),
    form(
        "azure-extension-version",
        EXTENSION,
        "typeHandlerVersion",
        /^\d+\.\d+$/,
        (version) =>
            `InvalidParameter: The value '${version}' of parameter 'typeHandlerVersion' is invalid. It is a major and a minor number.`,
        learn("virtual-machines/extensions/features-linux"),
    ),
    when(
        "azure-extension-twice",
        EXTENSION,
        (inputs, world) =>
            isSet(inputs, "vmName") &&
            world
                .ofType(EXTENSION)
                .some(({ values }) => values["vmName"] === inputs["vmName"] && values["type"] === inputs["type"]),
        "OperationNotAllowed: VMExtension can't be added because another extension of the same type is on the machine already",
        learn("virtual-machines/extensions/features-linux"),
    ),
    form(
        "azure-disks-key-version",
        DISKS,
        "activeKey.keyUrl",
        /^https:\/\/[^/]+\/keys\/[^/]+\/[0-9a-f]{32}$/,
        (url) => `InvalidParameter: The key URL '${url}' of a disk encryption set must name a version.`,
        learn("virtual-machines/disk-encryption"),
    ),
    when(
        "azure-disk-zone",
        MACHINE,
        (inputs, world) =>
            listAt(inputs, "storageProfile.dataDisks").some((attached) => {
                const [zone] = listAt(world.find(DISK, at(attached, "managedDisk.id"))?.values, "zones");
                return zone !== undefined && zone !== listAt(inputs, "zones")[0];
            }),
        "BadRequest: the disk and the machine that it is attached to must be in the same zone",
        learn("virtual-machines/attach-disk-portal"),
    ),
    when(
        "azure-disk-lun-twice",
        MACHINE,
        (inputs) => {
            const places = listAt(inputs, "storageProfile.dataDisks").map((attached) => at(attached, "lun"));
            return new Set(places).size < places.length;
        },
        "InvalidParameter: two data disks have the same logical unit number",
        machineSource,
    ),
    range("azure-disk-size", DISK, "diskSizeGB", [1, 65_536], learn("virtual-machines/disks-types")),
    when(
        "azure-disk-encryption",
        DISK,
        (inputs) =>
            at(inputs, "encryption.type") !== undefined &&
            (at(inputs, "encryption.type") !== "EncryptionAtRestWithPlatformKey") !==
                isSet(inputs, "encryption.diskEncryptionSetId"),
        "InvalidParameter: a disk with a customer key names its disk encryption set, and no other does",
        learn("virtual-machines/disk-encryption"),
    ),
    when(
        "azure-disks-identity",
        DISKS,
        (inputs) => !isSet(inputs, "identity"),
        "InvalidParameter: a disk encryption set needs an identity",
        learn("virtual-machines/disk-encryption"),
    ),
];
