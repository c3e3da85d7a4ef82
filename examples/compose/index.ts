import "minusnow/fast-start";
import * as pulumi from "@pulumi/pulumi";
import { MemoryPolicy, NatPlacement, reference } from "minusnow";
import { AwsDatabase, AwsNetwork, AwsSecrets, AwsSessionStore } from "minusnow/aws";

const config = new pulumi.Config();
const tags = { team: "service-desk" };

const network = new AwsNetwork("desk-net", {
    addressSpace: config.require("addressSpace"),
    nat: NatPlacement.Single,
    tags,
});
const secrets = new AwsSecrets("desk-secrets", { smtpPasswordSecretId: "desk/smtp", tags });

const database = new AwsDatabase("desk-db", {
    size: "db.m7g.xlarge",
    storageGib: reference.databaseStorageGib,
    subnetIds: network.subnetIds.database,
    zones: network.zones,
    firewallGroupId: network.firewallGroupIds.database,
    appSubnetIds: network.subnetIds.app,
    appFirewallGroupId: network.firewallGroupIds.app,
    keyId: secrets.keyId,
    tags,
});

const sessions = new AwsSessionStore("desk-sessions", {
    memoryPolicy: MemoryPolicy.VolatileLru,
    subnetIds: network.subnetIds.cache,
    firewallGroupId: network.firewallGroupIds.cache,
    keyId: secrets.keyId,
    tags,
});

export const writerHost = database.writerHost;
export const readerHost = database.readerHost;
export const databaseSecretId = database.secretId;
export const sessionHost = sessions.host;
