import { networkContains } from "../../../../components/network/addresses";
import { reservedAddress } from "../../addresses";
import {
    apiModel,
    at,
    form,
    isSet,
    numberAt,
    oneOf,
    range,
    textAt,
    type Trap,
    type Values,
    when,
    type World,
    textOf,
} from "./trap";

const INSTANCE = "aws:ec2/instance:Instance";
const ROLE = "aws:iam/role:Role";
const ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy";
const FUNCTION = "aws:lambda/function:Function";
const PARAMETER = "aws:ssm/parameter:Parameter";
const iamGrammar = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html";

const subnetBlock = (inputs: Values, world: World) =>
    textAt(world.find("aws:ec2/subnet:Subnet", inputs["subnetId"])?.values, "cidrBlock");

interface Statement {
    Effect?: unknown;
    Action?: unknown;
    NotAction?: unknown;
    Resource?: unknown;
    NotResource?: unknown;
    Principal?: unknown;
}

/** The statements of a policy document; undefined when it is no JSON object. */
function statementsOf(document: string): Statement[] | undefined {
    try {
        const { Statement: statements } = JSON.parse(document) as { Statement?: Statement | Statement[] };
        return statements === undefined ? undefined : [statements].flat();
    } catch {
        return undefined;
    }
}

/** A check of a policy document that is known. */
function policy(
    id: string,
    type: string,
    property: string,
    refused: (statements: Statement[] | undefined, text: string) => boolean,
    message: string,
    source: string,
): Trap {
    return when(
        id,
        type,
        (inputs) => {
            const text = textAt(inputs, property);
            return text !== undefined && refused(statementsOf(text), text);
        },
        message,
        source,
    );
}

const incomplete = (statement: Statement): boolean =>
    !["Allow", "Deny"].includes(statement.Effect as string) ||
    (statement.Action === undefined && statement.NotAction === undefined) ||
    (statement.Resource === undefined && statement.NotResource === undefined);

const PRIVATE_NETWORK_ACTIONS = [
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DeleteNetworkInterface",
];
const VPC_EXECUTION_POLICY = "AWSLambdaVPCAccessExecutionRole";

/** What is granted to a role so far, as one text. */
function grantsOf(roleArn: string, world: World): string | undefined {
    const role = world.find(ROLE, roleArn);
    if (!role) {
        return undefined;
    }
    const own = (type: string) =>
        world.ofType(type).filter(({ values }) => [role.id, role.values["name"]].includes(values["role"] as string));
    const inline = own(ROLE_POLICY).map(({ values }) => textOf(values["policy"]));
    const attached = own("aws:iam/rolePolicyAttachment:RolePolicyAttachment").map(({ values }) =>
        textOf(values["policyArn"]),
    );
    return [...inline, ...attached].join("\n");
}

export const computeTraps: readonly Trap[] = [
    form(
        "instance-image",
        INSTANCE,
        "ami",
        /^ami-[0-9a-f]{8}([0-9a-f]{9})?$/,
        (image) => `InvalidAMIID.Malformed: Invalid id: "${image}" (expecting "ami-...")`,
        "https://github.com/getmoto/moto/blob/5.2.1/moto/ec2/exceptions.py#L337",
    ),
    {
        id: "instance-profile",
        type: INSTANCE,
        source: "https://github.com/CiscoDevNet/cloud-cml/issues/4",
        check: (inputs, world) => {
            const name = textAt(inputs, "iamInstanceProfile");
            const isRole = name !== undefined && world.find(ROLE, name) !== undefined;
            const exists = world.find("aws:iam/instanceProfile:InstanceProfile", name) !== undefined;
            return name !== undefined && !exists && (isRole || name.startsWith("arn:"))
                ? `InvalidParameterValue: Value (${name}) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name`
                : undefined;
        },
    },
    when(
        "instance-user-data-size",
        INSTANCE,
        (inputs) =>
            Buffer.byteLength(textAt(inputs, "userData") ?? "") > 16384 ||
            Buffer.from(textAt(inputs, "userDataBase64") ?? "", "base64").length > 16384,
        "InvalidParameterValue: User data is limited to 16384 bytes",
        "https://github.com/dask/dask-cloudprovider/issues/249",
    ),
    {
        id: "instance-address-outside-subnet",
        type: INSTANCE,
        source: apiModel("ec2/2016-11-15", "RunInstancesRequest"),
        check: (inputs, world) => {
            const [block, address] = [subnetBlock(inputs, world), textAt(inputs, "privateIp")];
            return block && address && !networkContains(block, `${address}/32`)
                ? `InvalidParameterValue: Address ${address} does not fall within the subnet's address range`
                : undefined;
        },
    },
    {
        id: "instance-address-reserved",
        type: INSTANCE,
        source: "https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html",
        check: (inputs, world) => {
            const [block, address] = [subnetBlock(inputs, world), textAt(inputs, "privateIp")];
            return block && address && networkContains(block, `${address}/32`) && reservedAddress(block, address)
                ? `InvalidParameterValue: Address ${address} is in subnet's reserved address range`
                : undefined;
        },
    },
    {
        id: "instance-address-in-use",
        type: INSTANCE,
        source: apiModel("ec2/2016-11-15", "RunInstancesRequest"),
        check: (inputs, world) => {
            const address = textAt(inputs, "privateIp");
            const used = world
                .ofType(INSTANCE)
                .some(({ values }) => values["subnetId"] === inputs["subnetId"] && values["privateIp"] === address);
            return address && used ? `InvalidIPAddress.InUse: Address ${address} is in use.` : undefined;
        },
    },
    {
        id: "volume-attachment-zone",
        type: "aws:ec2/volumeAttachment:VolumeAttachment",
        source: "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html",
        check: (inputs, world) => {
            const [volume, instance] = [
                world.find("aws:ebs/volume:Volume", inputs["volumeId"]),
                world.find(INSTANCE, inputs["instanceId"]),
            ];
            const [one, other] = [volume, instance].map((found) => textAt(found?.values, "availabilityZone"));
            return one !== undefined && other !== undefined && one !== other
                ? `InvalidVolume.ZoneMismatch: The volume '${textAt(inputs, "volumeId")}' is not in the same availability zone as instance '${textAt(inputs, "instanceId")}'`
                : undefined;
        },
    },
    oneOf(
        "instance-metadata-tokens",
        INSTANCE,
        "metadataOptions.httpTokens",
        ["optional", "required"],
        apiModel("ec2/2016-11-15", "InstanceMetadataOptionsRequest"),
    ),
    range(
        "instance-metadata-hops",
        INSTANCE,
        "metadataOptions.httpPutResponseHopLimit",
        [1, 64],
        apiModel("ec2/2016-11-15", "InstanceMetadataOptionsRequest"),
    ),
    range(
        "instance-root-size",
        INSTANCE,
        "rootBlockDevice.volumeSize",
        [8, 65536],
        "https://github.com/scylladb/scylla-cluster-tests/issues/2484",
    ),
    when(
        "instance-throughput-type",
        INSTANCE,
        (inputs) => isSet(inputs, "rootBlockDevice.throughput") && at(inputs, "rootBlockDevice.volumeType") !== "gp3",
        "InvalidParameterCombination: throughput can only be specified for volumeType gp3.",
        "https://github.com/runs-on/runs-on/issues/426",
    ),
    when(
        "instance-iops-ratio",
        INSTANCE,
        (inputs) =>
            (numberAt(inputs, "rootBlockDevice.iops") ?? 0) >
            Math.max(3000, 500 * (numberAt(inputs, "rootBlockDevice.volumeSize") ?? Infinity)),
        "InvalidParameterValue: Iops to volume size ratio is too high; maximum is 500",
        "https://github.com/rocicorp/mono/pull/4410",
    ),
    form(
        "iam-role-name",
        ROLE,
        "name",
        /^[\w+=,.@-]{1,64}$/,
        (name) =>
            `ValidationError: 1 validation error detected: Value '${name}' at 'roleName' failed to satisfy constraint: Member must have length less than or equal to 64`,
        apiModel("iam/2010-05-08", "CreateRoleRequest"),
    ),
    policy(
        "iam-trust-syntax",
        ROLE,
        "assumeRolePolicy",
        (statements) => statements === undefined,
        "MalformedPolicyDocument: Syntax errors in policy.",
        iamGrammar,
    ),
    policy(
        "iam-trust-principal",
        ROLE,
        "assumeRolePolicy",
        (statements) => statements?.some(({ Principal }) => Principal === undefined) ?? false,
        "MalformedPolicyDocument: Missing required field Principal",
        "https://github.com/hashicorp/terraform-provider-aws/issues/8905",
    ),
    policy(
        "iam-trust-resource",
        ROLE,
        "assumeRolePolicy",
        (statements) => statements?.some(({ Resource }) => Resource !== undefined) ?? false,
        "MalformedPolicyDocument: Has prohibited field Resource",
        "https://github.com/getmoto/moto/blob/5.2.1/moto/iam/policy_validation.py#L584",
    ),
    policy(
        "iam-policy-syntax",
        ROLE_POLICY,
        "policy",
        (statements) => statements === undefined,
        "MalformedPolicyDocument: Syntax errors in policy.",
        iamGrammar,
    ),
    policy(
        "iam-policy-statement",
        ROLE_POLICY,
        "policy",
        (statements) => statements?.some(incomplete) ?? false,
        "MalformedPolicyDocument: Policy statement must contain an effect, actions and resources.",
        "https://github.com/getmoto/moto/blob/5.2.1/moto/iam/policy_validation.py",
    ),
    policy(
        "iam-policy-principal",
        ROLE_POLICY,
        "policy",
        (statements) => statements?.some(({ Principal }) => Principal !== undefined) ?? false,
        "MalformedPolicyDocument: Policy document should not specify a principal.",
        "https://github.com/hashicorp/terraform/issues/13449",
    ),
    policy(
        "iam-policy-size",
        ROLE_POLICY,
        "policy",
        (_, text) => text.replaceAll(/\s/g, "").length > 10240,
        "LimitExceeded: Maximum policy size of 10240 bytes exceeded for role",
        "https://github.com/awslabs/aws-deployment-framework/issues/474",
    ),
    when(
        "instance-profile-one-role",
        "aws:iam/instanceProfile:InstanceProfile",
        (inputs) => !isSet(inputs, "role"),
        "ValidationError: an instance profile without a role gives instances no credentials",
        apiModel("iam/2010-05-08", "AddRoleToInstanceProfileRequest"),
    ),
    range("lambda-memory", FUNCTION, "memorySize", [128, 10240], apiModel("lambda/2015-03-31", "MemorySize")),
    range("lambda-timeout", FUNCTION, "timeout", [1, 900], apiModel("lambda/2015-03-31", "Timeout")),
    oneOf(
        "lambda-runtime",
        FUNCTION,
        "runtime",
        [
            "nodejs22.x",
            "nodejs24.x",
            "python3.11",
            "python3.12",
            "python3.13",
            "python3.14",
            "java17",
            "java21",
            "java25",
            "dotnet8",
            "dotnet10",
            "ruby3.3",
            "ruby3.4",
            "provided.al2023",
        ],
        "https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html",
    ),
    when(
        "lambda-network-permission",
        FUNCTION,
        (inputs, world) => {
            const role = textAt(inputs, "role");
            const grants = role === undefined ? undefined : grantsOf(role, world);
            return (
                isSet(inputs, "vpcConfig.subnetIds") &&
                grants !== undefined &&
                !grants.includes(VPC_EXECUTION_POLICY) &&
                !PRIVATE_NETWORK_ACTIONS.every((action) => grants.includes(action))
            );
        },
        "InvalidParameterValueException: The provided execution role does not have permissions to call CreateNetworkInterface on EC2",
        "https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html",
    ),
    when(
        "lambda-role-trust",
        FUNCTION,
        (inputs, world) => {
            const role = world.find(ROLE, inputs["role"]);
            const trust = textAt(role?.values, "assumeRolePolicy");
            return trust !== undefined && !trust.includes("lambda.amazonaws.com");
        },
        "InvalidParameterValueException: The role defined for the function cannot be assumed by Lambda.",
        "https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html",
    ),
    when(
        "lambda-environment-size",
        FUNCTION,
        (inputs) => JSON.stringify(at(inputs, "environment.variables") ?? {}).length > 4096,
        "InvalidParameterValueException: Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit.",
        "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html",
    ),
    when(
        "lambda-environment-reserved",
        FUNCTION,
        (inputs) =>
            Object.keys(at(inputs, "environment.variables") ?? {}).some((key) =>
                /^(AWS_REGION|AWS_DEFAULT_REGION|AWS_ACCESS_KEY_ID|AWS_SECRET_ACCESS_KEY|AWS_SESSION_TOKEN|AWS_EXECUTION_ENV|AWS_LAMBDA_.*|_HANDLER|_X_AMZN_TRACE_ID|LAMBDA_TASK_ROOT|LAMBDA_RUNTIME_DIR)$/.test(
                    key,
                ),
            ),
        "InvalidParameterValueException: Lambda was unable to configure your environment variables because the environment variables you have provided contains reserved keys.",
        "https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html",
    ),
    form(
        "ssm-parameter-name",
        PARAMETER,
        "name",
        /^(?!\/?(aws|ssm))[a-zA-Z0-9_.\-/]+$/i,
        () => 'ValidationException: Parameter name: can\'t be prefixed with "aws" or "ssm" (case-insensitive).',
        "https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-parameter-name-constraints.html",
    ),
    when(
        "ssm-parameter-size",
        PARAMETER,
        (inputs) => (at(inputs, "tier") ?? "Standard") === "Standard" && (textAt(inputs, "value") ?? "").length > 4096,
        "ValidationException: Standard tier parameters support a maximum parameter value of 4096 characters.",
        "https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html",
    ),
    when(
        "ssm-parameter-duplicate",
        PARAMETER,
        (inputs, world) => typeof inputs["name"] === "string" && world.find(PARAMETER, inputs["name"]) !== undefined,
        "ParameterAlreadyExists: The parameter already exists. To overwrite this value, set the overwrite option in the request to true.",
        apiModel("ssm/2014-11-06", "PutParameterRequest"),
    ),
    oneOf(
        "ssm-parameter-type",
        PARAMETER,
        "type",
        ["String", "StringList", "SecureString"],
        apiModel("ssm/2014-11-06", "ParameterType"),
    ),
];
