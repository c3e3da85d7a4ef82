import { application, sharedDirectories, windowsApplication } from "../../../components/reference";
import { prefixesOf, serverSubnets } from "../../model/azure-network";
import { customerKey } from "../../model/azure-protection";
import { fileAccounts, servesSmb } from "../../model/azure-backups";
import { firstBoot } from "../../model/first-boot";
import { appServers, appSubnets, fileServers, fileVolumes, machines, zoneOf } from "../../model/service";
import { expectEqual, expectSet, expectValue, fail, type Finding, type ItemRules, pass, waits } from "../../rule";
import { aws, azure } from "../../types";
import type { Resource, Stack } from "../../stack";

const NO_STORAGE = "no shared file storage in this stack";

function fileStores(stack: Stack): Resource[] {
    return [
        ...stack.of(aws.fileSystem, aws.windowsFiles),
        ...stack.of(azure.storageAccount).filter((account) => account.get("kind") === "FileStorage"),
        ...fileServers(stack),
    ];
}

function present(stack: Stack): Finding[] {
    const found = fileStores(stack);
    return found.length === 0
        ? [fail(undefined, NO_STORAGE)]
        : found.map((store) => pass(store, "shared file storage"));
}

function inEachZone(stack: Stack): Finding[] {
    return stack.of(aws.fileSystem).flatMap((fileSystem) => {
        const targets = stack
            .of(aws.mountTarget)
            .filter((target) => target.refersTo("fileSystemId", fileSystem) === true);
        const zones = targets.map((target) => zoneOf(stack, target));
        return appServers(stack).map((server) => {
            const zone = zoneOf(stack, server);
            if (typeof zone === "string" && zones.includes(zone)) {
                return pass(server, `${fileSystem.name} has a mount target in ${zone}`);
            }
            return typeof zone !== "string" || zones.some((other) => typeof other !== "string")
                ? waits(server, "zones are not known before the update")
                : fail(fileSystem, `it has no mount target in ${zone}, the zone of ${server.name}`);
        });
    });
}

/** FSx is in one zone or in two. */
function inTwoZones(stack: Stack): Finding[] {
    return stack.of(aws.windowsFiles).map((files) => expectEqual(files, "deploymentType", "MULTI_AZ_1"));
}

/** A server is in one zone, whatever it is made of. */
function inOneZone(stack: Stack): Finding[] {
    const one = "NFS on one machine: its failure takes the files away; allowed: in every zone (kind managed)";
    return fileServers(stack).map((server) => fail(server, one));
}

function zoneRedundant(stack: Stack): Finding[] {
    return fileStores(stack)
        .filter(({ type }) => type === azure.storageAccount)
        .map((account) =>
            expectValue(account, "sku.name", (value) => /_(ZRS|GZRS)$/.test(String(value)), "a zone-redundant kind"),
        );
}

function encryptedAtRest(stack: Stack): Finding[] {
    const stores = fileStores(stack).filter(({ type }) => type !== aws.instance && type !== azure.machine);
    return [...stores, ...fileVolumes(stack)].flatMap((store) =>
        store.type === aws.windowsFiles
            ? [expectSet(store, "kmsKeyId", "a customer key")]
            : store.type === azure.storageAccount
              ? [customerKey(store)]
              : store.type === azure.disk
                ? [expectSet(store, "encryption.diskEncryptionSetId", "a set with a customer key")]
                : [expectEqual(store, "encrypted", true), expectSet(store, "kmsKeyId", "a customer key")],
    );
}

function encryptedInTransit(stack: Stack): Finding[] {
    return [
        ...demandedByStore(stack),
        ...stack.of(azure.fileService).flatMap((service) => demandedOverSmb(stack, service)),
        ...stack.of(azure.machine).flatMap((server) => clearMounts(server, AZURE_FILES)),
        ...stack.of(aws.windowsFiles).flatMap((files) => demandedByServers(stack, files)),
    ];
}

/** Older versions of SMB know no encryption, or a weak one. */
function demandedOverSmb(stack: Stack, service: Resource): Finding[] {
    const accounts = fileAccounts(stack).filter((account) => service.refersTo("accountName", account) === true);
    const only = (path: string, form: RegExp, allowed: string) =>
        expectValue(service, `protocolSettings.smb.${path}`, (value) => form.test(String(value)), allowed);
    return accounts.some((account) => servesSmb(stack, account))
        ? [
              only("versions", /^SMB3\.1\.1;?$/, "SMB3.1.1 alone"),
              only("channelEncryption", /^AES-(128|256)-GCM;?(AES-256-GCM;?)?$/, "AES-128-GCM or AES-256-GCM"),
          ]
        : [];
}

/** How each type of mount says that it encrypts. */
const encryptedBy: Record<string, ((options: string[]) => boolean) | undefined> = {
    aznfs: (options) => !options.includes("notls"),
    cifs: (options) => options.includes("seal"),
    smb: (options) => options.includes("RequirePrivacy"),
};

/** FSx takes what is encrypted and what is not: its servers have to demand it, each of them. */
function demandedByServers(stack: Stack, files: Resource): Finding[] {
    return machines(stack).flatMap((server) => {
        if (firstBoot(server) === undefined) {
            return [waits(server, `how it mounts ${files.name} is not known before the update`)];
        }
        const found = clearMounts(server, WINDOWS_FILES);
        return found.length > 0 ? found : [pass(server, `it does not mount ${files.name}`)];
    });
}

/** Azure's mount helper encrypts, and SMB where it is told to; other ways to mount the same share do not. */
function clearMounts(server: Resource, share: RegExp): Finding[] {
    const lines = (firstBoot(server) ?? "").split("\n").filter((text) => !text.trimStart().startsWith("#"));
    return lines.flatMap((line) => {
        // Fields, not a pattern over the line: a script's lines may be long, and a pattern tries every beginning.
        const fields = line.split(/\s+/);
        const at = fields.findIndex((field) => share.test(field));
        const [place, type, options] = at === -1 ? [] : fields.slice(at + 1);
        if (options === undefined) {
            return [];
        }
        return encryptedBy[type!]?.(options.split(",")) === true
            ? [pass(server, `${place} is mounted encrypted, by ${type}`)]
            : [fail(server, `${place} is mounted by ${type} ${options}, which is not encrypted`)];
    });
}

/** A share as a table of mounts names it: over NFS, and over SMB on Linux and on Windows. */
const WINDOWS_FILES = /^\\\\amznfsx[^\\]+\\/;
const AZURE_FILES = /\.file\.core\.windows\.net[:/\\]/;

function demandedByStore(stack: Stack): Finding[] {
    return fileStores(stack).flatMap((store) => {
        if (store.type === azure.storageAccount) {
            return [expectEqual(store, "enableHttpsTrafficOnly", true)];
        }
        if (store.type === aws.windowsFiles) {
            return [];
        }
        if (store.type === aws.instance || store.type === azure.machine) {
            return [fail(store, "NFS is not encrypted on its way; allowed: TLS (kind managed)")];
        }
        const policy = stack.of(aws.fileSystemPolicy).find((other) => other.refersTo("fileSystemId", store) === true);
        if (!policy) {
            return [fail(store, "no policy demands encryption in transit")];
        }
        const text = policy.get("policy");
        if (typeof text !== "string") {
            return [
                pass(policy, "a policy is attached"),
                waits(policy, "what it denies is not known before the update"),
            ];
        }
        return deniesClearTransport(text)
            ? [pass(policy, "denies what is not TLS")]
            : [fail(policy, "it does not deny access without TLS (aws:SecureTransport false)")];
    });
}

function deniesClearTransport(policy: string): boolean {
    try {
        const { Statement } = JSON.parse(policy) as { Statement: unknown };
        return ([Statement].flat() as Record<string, unknown>[]).some(
            ({ Effect, Action, Condition, Principal }) =>
                Effect === "Deny" &&
                ["*", "elasticfilesystem:*"].includes(String(Action)) &&
                /"aws:SecureTransport":\[?"?false/i.test(JSON.stringify(Condition)) &&
                ['"*"', '{"AWS":"*"}', '{"AWS":["*"]}'].includes(JSON.stringify(Principal)),
        );
    } catch {
        return false;
    }
}

/** Every server mounts every directory; its first-boot script says so. */
function mounted(stack: Stack): Finding[] {
    const stores = fileStores(stack);
    return stores.length === 0
        ? []
        : machines(stack).flatMap((server) => [...directoriesOf(server, stores), ...unread(stack, server)]);
}

/** Azure leaves a script on a machine with Windows and does not run it. */
function unread(stack: Stack, server: Resource): Finding[] {
    const isWindows = server.type === azure.machine && isSet(server, "osProfile.windowsConfiguration");
    const runners = stack
        .of(azure.machineExtension)
        .filter((extension) => extension.get("type") === "CustomScriptExtension")
        .filter(
            (extension) =>
                extension.get("vmName") === server.get("name") || extension.refersTo("vmName", server) === true,
        );
    return isWindows && runners.length === 0
        ? [fail(server, "nothing runs its first-boot script; allowed: an extension CustomScriptExtension")]
        : [];
}

function directoriesOf(server: Resource, stores: Resource[]): Finding[] {
    const text = firstBoot(server);
    if (
        text === undefined &&
        !["userData", "userDataBase64", "osProfile"].some((property) => server.isUnknown(property))
    ) {
        return [fail(server, "it has no first-boot script, so it mounts no shared directory")];
    }
    if (text === undefined) {
        const sources = ["userData", "osProfile"].flatMap((property) => server.sourcesOf(property));
        const store = stores.find(({ urn }) => sources.includes(urn));
        return [
            ...(store ? [pass(server, `its first-boot script is made from ${store.name}`)] : []),
            waits(server, "what its first-boot script mounts is not known before the update"),
        ];
    }
    const mounts = mountedPlaces(text);
    const isOnWindows = [...mounts].some((place) => place.startsWith(windowsApplication.directory));
    const root = isOnWindows ? windowsApplication.directory : application.directory;
    return sharedDirectories.map((directory) => {
        const place = `${root}/${directory}`;
        return mounts.has(place)
            ? pass(server, `mounts ${place}`)
            : fail(server, `its first-boot script does not mount ${place} from shared storage`);
    });
}

const SHARED_TYPES = ["efs", "nfs", "nfs4", "aznfs", "smb"];

/** Where a script mounts shared storage: lines of fstab, and the same in the list of cloud-init's mounts. */
function mountedPlaces(script: string): Set<string> {
    const places = new Set<string>();
    for (const line of script.split("\n").filter((text) => !text.trimStart().startsWith("#"))) {
        const fields = line.split(/[\s",[\]]+/).filter(Boolean);
        fields.forEach((field, at) => {
            if (SHARED_TYPES.includes(fields[at + 1] ?? "") && /:|^\\\\/.test(fields[at - 1] ?? "")) {
                places.add(field);
            }
        });
    }
    return places;
}

function accessPoints(stack: Stack): Finding[] {
    return stack.of(aws.fileSystem).flatMap((fileSystem) => {
        const points = stack.of(aws.accessPoint).filter((point) => point.refersTo("fileSystemId", fileSystem) === true);
        const paths = points.map((point) => point.get("rootDirectory.path"));
        return sharedDirectories.map((directory) =>
            paths.includes(`/${directory}`)
                ? pass(fileSystem, `an access point for /${directory}`)
                : fail(fileSystem, `no access point for /${directory}`),
        );
    });
}

/** Lines of exports(5): a directory, and who may mount it how. */
const EXPORT = /^\s*(\/\S+)((?: \S+\([^)]*\))+)$/gm;

/** Each directory is exported to the servers' networks alone, without root's rights. */
function exported(stack: Stack): Finding[] {
    return fileServers(stack).flatMap((server) => {
        const script = firstBoot(server);
        if (script === undefined) {
            return [waits(server, "what it exports is not known before the update")];
        }
        const lines = [...script.matchAll(EXPORT)].map(([, directory, clients]) => ({ directory, clients: clients! }));
        const networks = [
            ...appSubnets(stack).map((subnet) => subnet.text("cidrBlock")),
            ...prefixesOf(serverSubnets(stack)),
        ];
        return sharedDirectories.map((directory) => {
            const line = lines.find((one) => one.directory!.endsWith(`/${directory}`));
            const clients = [...(line?.clients ?? "").matchAll(/(\S+)\(([^)]*)\)/g)];
            const strange = clients.find(([, network]) => networks.length > 0 && !networks.includes(network));
            const rooted = clients.find(([, , options]) => !options!.split(",").includes("root_squash"));
            if (line === undefined) {
                return fail(server, `it does not export ${directory}`);
            }
            return strange || rooted
                ? fail(
                      server,
                      `${directory}: found ${(strange ?? rooted)![0]}, allowed: the servers' subnets, root_squash`,
                  )
                : pass(server, `exports ${directory} to the servers' subnets, without root's rights`);
        });
    });
}

const isSet = (server: Resource, path: string) => ![undefined, null].includes(server.get(path) as undefined);

/** Each system mounts shares of its own protocol. */
function shares(stack: Stack): Finding[] {
    const isWindows = machines(stack).some((server) => isSet(server, "osProfile.windowsConfiguration"));
    return stack.of(azure.fileShare).map((share) => expectEqual(share, "enabledProtocols", isWindows ? "SMB" : "NFS"));
}

/** Shared storage mounted and accessible. */
export const sharedStorage: ItemRules = {
    item: "shared-storage",
    rules: [
        {
            id: "shared-storage-present",
            title: "Servers share their files",
            severity: "critical",
            risk: "A file that is uploaded on one server is missing on the other, and lost with it.",
            fix: "Add AwsSharedStorage, or an Azure file share over NFS.",
            step: "Step 5",
            controls: ["AWS Well-Architected REL10-BP01"],
            check: present,
        },
        {
            id: "shared-storage-zones",
            title: "Storage is reachable in every server's zone",
            severity: "high",
            risk: "The failure of another zone takes the files away.",
            fix: "Add a mount target in each zone that has a server; on Azure use zone-redundant storage.",
            step: "Step 5",
            controls: ["AWS Well-Architected REL10-BP01"],
            check: (stack) => [
                ...inEachZone(stack),
                ...inTwoZones(stack),
                ...inOneZone(stack),
                ...zoneRedundant(stack),
            ],
        },
        {
            id: "shared-storage-encrypted",
            title: "Files are encrypted at rest by a customer key",
            severity: "high",
            risk: "Attachments and audit logs can be read from the disk.",
            fix: "Turn on encryption with a customer key; it cannot be turned on later.",
            step: "Step 5",
            controls: ["CIS AWS 5.0 2.3.1", "Security Hub EFS.1", "MCSB DP-4"],
            check: encryptedAtRest,
        },
        {
            id: "shared-storage-transport",
            title: "Files are encrypted in transit",
            severity: "high",
            risk: "Attachments and audit logs can be read on the network.",
            fix: "Attach a file-system policy that denies access without TLS; on Azure demand secure transfer, and mount by aznfs or over SMB 3.1.1 with encryption.",
            step: "Step 5",
            controls: ["AWS Well-Architected SEC09-BP02", "MCSB DP-3"],
            check: encryptedInTransit,
        },
        {
            id: "shared-storage-mounted",
            title: "Every server mounts all five shared directories",
            severity: "critical",
            risk: "A directory that is not shared differs between servers, and is lost with one.",
            fix: "Mount data, audit-logs, support-tickets, artifacts and uploads on every server.",
            step: "Steps 5 and 8",
            controls: [],
            check: mounted,
        },
        {
            id: "shared-storage-directories",
            title: "Each shared directory has its own way in",
            severity: "medium",
            risk: "A server could write into another directory, or mount one that does not exist.",
            fix: "Add an access point for each shared directory; on Azure a share over NFS.",
            step: "Step 8",
            controls: [],
            check: (stack) => [...accessPoints(stack), ...exported(stack), ...shares(stack)],
        },
    ],
};
