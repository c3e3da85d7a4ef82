import { zonesRepeat } from "./network";
import { apiModel, at, form, isSet, listAt, oneOf, range, textAt, type Trap, when } from "./trap";

const FILES = "aws:fsx/windowsFileSystem:WindowsFileSystem";
const DIRECTORY = "aws:directoryservice/directory:Directory";
const fsxModel = (shape: string) => apiModel("fsx/2018-03-01", shape);
const directoryModel = (shape: string) => apiModel("ds/2015-04-16", shape);

/** Zones of a file system that has two, and of a directory. */
const ZONES = 2;
const isInTwoZones = (inputs: Parameters<typeof at>[0]) => at(inputs, "deploymentType") === "MULTI_AZ_1";

function isStrong(password: string): boolean {
    const kinds = [/[a-z]/, /[A-Z]/, /\d/, /[^A-Za-z\d]/].filter((kind) => kind.test(password));
    return password.length >= 8 && password.length <= 64 && kinds.length >= 3 && !/admin/i.test(password);
}

/** FSx for Windows File Server, and the directory that says who may use it. */
export const filesTraps: readonly Trap[] = [
    oneOf(
        "fsx-throughput",
        FILES,
        "throughputCapacity",
        [8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4608, 6144, 9216, 12_288],
        fsxModel("MegabytesPerSecond"),
    ),
    range("fsx-storage", FILES, "storageCapacity", [32, 65_536], fsxModel("CreateFileSystemRequest")),
    when(
        "fsx-two-subnets",
        FILES,
        (inputs, world) =>
            isInTwoZones(inputs) &&
            (listAt(inputs, "subnetIds").length !== ZONES || zonesRepeat(world, listAt(inputs, "subnetIds"))),
        "BadRequest: Exactly 2 subnet IDs in different Availability Zones are required for Multi-AZ file systems",
        fsxModel("CreateFileSystemRequest"),
    ),
    when(
        "fsx-preferred-subnet",
        FILES,
        (inputs) =>
            isInTwoZones(inputs) &&
            (at(inputs, "preferredSubnetId") === undefined ||
                (textAt(inputs, "preferredSubnetId") !== undefined &&
                    listAt(inputs, "subnetIds").every((id) => typeof id === "string") &&
                    !listAt(inputs, "subnetIds").includes(at(inputs, "preferredSubnetId")))),
        "BadRequest: PreferredSubnetId is required for Multi-AZ file systems, and is one of SubnetIds",
        fsxModel("CreateFileSystemWindowsConfiguration"),
    ),
    when(
        "fsx-directory",
        FILES,
        (inputs) => isSet(inputs, "activeDirectoryId") === isSet(inputs, "selfManagedActiveDirectory"),
        "BadRequest: Exactly one of ActiveDirectoryId and SelfManagedActiveDirectoryConfiguration must be specified",
        fsxModel("CreateFileSystemWindowsConfiguration"),
    ),
    when(
        "fsx-domain-length",
        FILES,
        (inputs, world) => {
            const domain = textAt(world.find(DIRECTORY, inputs["activeDirectoryId"])?.values, "name");
            return isInTwoZones(inputs) && domain !== undefined && domain.length > 47;
        },
        "BadRequest: The Active Directory domain name of a Multi-AZ file system cannot exceed 47 characters",
        "https://docs.aws.amazon.com/fsx/latest/WindowsGuide/self-managed-AD.html",
    ),
    when(
        "directory-two-subnets",
        DIRECTORY,
        (inputs, world) => {
            const subnets = listAt(inputs, "vpcSettings.subnetIds");
            return isSet(inputs, "vpcSettings") && (subnets.length !== ZONES || zonesRepeat(world, subnets));
        },
        "InvalidParameterException: two subnets in different Availability Zones must be specified",
        directoryModel("DirectoryVpcSettings"),
    ),
    form(
        "directory-name",
        DIRECTORY,
        "name",
        /^([a-zA-Z0-9]+[\\.-])+([a-zA-Z0-9])+$/,
        (name) => `ValidationException: Value '${name}' at 'name' failed to satisfy constraint: a fully qualified name`,
        directoryModel("DirectoryName"),
    ),
    when(
        "directory-password",
        DIRECTORY,
        (inputs) => {
            const password = textAt(inputs, "password");
            return password !== undefined && !isStrong(password);
        },
        "InvalidPasswordException: the password has 8 to 64 characters of three kinds, and not the word admin",
        directoryModel("Password"),
    ),
];
