import type { Values } from "../../engine/values";
import { digits, textAt, type World } from "../world";
import type { Place } from "./outputs";

type Answer = (args: Values, place: Place, world: World) => Values;

/** Answers a provider function that looks something up; undefined for an unknown one. */
export function answerAwsFunction(token: string, args: Values, place: Place, world: World): Values | undefined {
    return answers[token]?.(args, place, world);
}

const answers: Record<string, Answer> = {
    "aws:index/getRegion:getRegion": (_, { region }) => ({
        id: region,
        name: region,
        region,
        description: region,
        endpoint: `ec2.${region}.amazonaws.com`,
    }),
    "aws:index/getPartition:getPartition": (_, { partition }) => ({
        id: partition,
        partition,
        dnsSuffix: "amazonaws.com",
        reverseDnsPrefix: "com.amazonaws",
    }),
    "aws:index/getCallerIdentity:getCallerIdentity": (_, { account, partition }) => ({
        id: account,
        accountId: account,
        arn: `arn:${partition}:iam::${account}:user/planner`,
        userId: "AIDAPLANNER",
    }),
    "aws:index/getAvailabilityZones:getAvailabilityZones": (args, { region }) => {
        const names = ["a", "b", "c", "d", "e", "f"].map((letter) => `${region}${letter}`);
        const zoneIds = names.map((_, place) => `az${place + 1}`);
        return { ...args, id: region, names, zoneIds, groupNames: [region] };
    },
    "aws:ssm/getParameter:getParameter": (args, { region }) => {
        const name = textAt(args, "name") ?? "";
        const value = name.startsWith("/aws/service/") ? `ami-${digits(`${region}${name}`, 17)}` : `value of ${name}`;
        return { ...args, id: name, name, type: "String", value, insecureValue: value, version: 1, arn: "" };
    },
    "aws:route53/getZone:getZone": (args) => {
        const name = textAt(args, "name") ?? "";
        const zoneId = textAt(args, "zoneId") ?? `Z${digits(name, 20).toUpperCase()}`;
        return {
            ...args,
            id: zoneId,
            zoneId,
            name,
            arn: `arn:aws:route53:::hostedzone/${zoneId}`,
            nameServers: [],
            privateZone: false,
        };
    },
    "aws:secretsmanager/getSecret:getSecret": (args, { partition, region, account }) => {
        const name = textAt(args, "name") ?? textAt(args, "arn") ?? "";
        const arn = `arn:${partition}:secretsmanager:${region}:${account}:secret:${name}-${digits(name, 6)}`;
        return { ...args, id: arn, arn, name, description: "", kmsKeyId: "", policy: "", tags: {} };
    },
    "aws:ec2/getSubnet:getSubnet": (args, { region }, world) => {
        const id = textAt(args, "id") ?? "";
        const existing = world.find("aws:ec2/subnet:Subnet", id);
        const availabilityZone =
            existing?.values["availabilityZone"] ?? `${region}${"abc"[Number.parseInt(digits(id, 4), 16) % 3]}`;
        return {
            ...args,
            id,
            availabilityZone,
            cidrBlock: existing?.values["cidrBlock"] ?? "10.0.1.0/24",
            vpcId: "vpc-0existing",
        };
    },
};
