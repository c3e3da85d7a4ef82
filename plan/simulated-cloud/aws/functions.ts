import type { Values } from "../../engine/values";
import { digits, listAt, textAt, type Existing, type World } from "../world";
import type { Place } from "./maker";

const SUBNET = "aws:ec2/subnet:Subnet";

type Answer = (args: Values, place: Place, world: World) => Values;

/** Answers a provider function that looks something up; undefined for an unknown one. */
export function answerAwsFunction(token: string, args: Values, place: Place, world: World): Values | undefined {
    return answers[token]?.(args, place, world);
}

/** A subnet that was there before the program: such subnets are in the zones a, b, c in turn, as they are asked for. */
function existingSubnet(id: string, region: string, world: World): Existing {
    const place = world.ofType(SUBNET).filter(({ urn }) => urn === "").length;
    const values = { availabilityZone: `${region}${"abc"[place % 3]}` };
    const subnet = { urn: "", type: SUBNET, id, values };
    world.add(subnet);
    return subnet;
}

/** Zones of the regions that have other than three for a new account. */
const zoneCounts: Partial<Record<string, number>> = {
    "us-east-1": 6,
    "us-west-1": 2,
    "us-west-2": 4,
    "ap-northeast-2": 4,
};

/** `us-east-1` is `use1` in the ids of its zones, `ap-northeast-2` is `apne2`. */
function shortRegion(region: string): string {
    const [area = "", ...rest] = region.split("-");
    const directions: Partial<Record<string, string>> = {
        gov: "g",
        northeast: "ne",
        northwest: "nw",
        southeast: "se",
        southwest: "sw",
    };
    return area + rest.map((word) => directions[word] ?? word[0]).join("");
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
        const excluded = listAt(args, "excludeZoneIds");
        const zones = Array.from({ length: zoneCounts[region] ?? 3 }, (_, place) => ({
            name: `${region}${"abcdef"[place]}`,
            id: `${shortRegion(region)}-az${place + 1}`,
        })).filter(({ id }) => !excluded.includes(id));
        const [names, zoneIds] = [zones.map(({ name }) => name), zones.map(({ id }) => id)];
        return { ...args, id: region, names, zoneIds, groupNames: [region] };
    },
    "aws:ssm/getParameter:getParameter": (args, { region }) => {
        const name = textAt(args, "name") ?? "";
        const value = name.startsWith("/aws/service/") ? `ami-${digits(`${region}${name}`, 17)}` : `value of ${name}`;
        return { ...args, id: name, name, type: "String", value, insecureValue: value, version: 1, arn: "" };
    },
    "aws:ssm/getParametersByPath:getParametersByPath": (args) => ({
        ...args,
        id: textAt(args, "path"),
        names: [],
        values: [],
        arns: [],
        types: [],
    }),
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
        const known = world.find(SUBNET, id);
        const existing = known ?? existingSubnet(id, region, world);
        const { availabilityZone } = existing.values;
        return {
            ...args,
            id,
            availabilityZone,
            cidrBlock: existing.values["cidrBlock"] ?? "10.0.1.0/24",
            vpcId: "vpc-0existing",
        };
    },
};
