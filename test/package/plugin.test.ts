import * as grpc from "@grpc/grpc-js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { ConstructRequest, type ConstructResponse, GetSchemaRequest } from "@pulumi/pulumi/proto/provider_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openLoopback } from "../../plan/engine/loopback";
import { type Monitor, serveMonitor } from "../../plan/engine/monitor";
import { createSimulatedCloud } from "../../plan/simulated-cloud";
import { repository } from "../support/plans";

const manifest = (file: string) =>
    JSON.parse(readFileSync(path.join(repository, file), "utf8")) as { name: string; version: string };

/** Started as Pulumi's Node.js language host starts a plugin, and asked as the engine asks it for a program in any language. */
describe("the components as a plugin", () => {
    let monitor: Monitor;
    let plugin: ChildProcess;
    let client: ResourceProviderClient;
    beforeAll(async () => {
        const cloud = createSimulatedCloud({ unknowns: false, defaultRegion: "eu-central-1" });
        monitor = serveMonitor(await openLoopback(), "sample", "dev", () => cloud);
        const host = createRequire(path.join(repository, "package.json")).resolve("@pulumi/pulumi/cmd/run-plugin");
        plugin = spawn(process.execPath, [host, path.join(repository, "plugin"), monitor.address], {
            env: { ...process.env, PULUMI_NODEJS_TYPESCRIPT: "false" },
            stdio: ["ignore", "pipe", "inherit"],
        });
        const port = await new Promise<string>((resolve) =>
            plugin.stdout!.once("data", (data: Buffer) => resolve(data.toString().trim())),
        );
        client = new ResourceProviderClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
    });
    afterAll(() => {
        client.close();
        plugin.kill();
        monitor.close();
    });

    function construct(type: string, inputs: Record<string, object | number>): Promise<ConstructResponse> {
        const request = new ConstructRequest();
        request.setProject("sample");
        request.setStack("dev");
        request.setDryrun(true);
        request.setParallel(8);
        request.setMonitorendpoint(monitor.address);
        request.setType(type);
        request.setName("net");
        request.setInputs(Struct.fromJavaScript(inputs));
        return new Promise((resolve, reject) =>
            client.construct(request, (error, response) => (error ? reject(error) : resolve(response))),
        );
    }

    it("tells of every component by the schema that is kept, under the package's own name and version", async () => {
        const schema = await new Promise<string>((resolve, reject) =>
            client.getSchema(new GetSchemaRequest(), (error, response) =>
                error ? reject(error) : resolve(response.getSchema()),
            ),
        );
        const { resources } = JSON.parse(schema) as { resources: object };
        expect(schema).toBe(readFileSync(path.join(repository, "plugin/schema.json"), "utf8"));
        expect(Object.keys(resources).length).toBeGreaterThan(25);
        const { name, version } = manifest("package.json");
        for (const file of ["plugin/package.json", "plugin/schema.json"]) {
            expect(manifest(file), file).toMatchObject({ name, version });
        }
    });

    it("makes a component, whose parts the engine then knows, and gives its outputs", async () => {
        const response = await construct("minusnow:index:AwsNetwork", { zoneCount: 3, tags: { team: "platform" } });
        expect(response.getUrn()).toBe("urn:pulumi:dev::sample::minusnow:index:AwsNetwork::net");
        const made = monitor.recording.resources.filter(({ type }) => type === "aws:ec2/subnet:Subnet");
        expect(made).toHaveLength(15);
        expect(made[0]!.parent).toBe(response.getUrn());
        const state = response.getState()!.toJavaScript();
        expect(state["networkId"]).toMatch(/^vpc-/);
        expect(Object.keys(state["subnetIds"] as object)).toContain("database");
    });

    it("says which components there are when it is asked for another", async () => {
        await expect(construct("minusnow:index:AwsNet", {})).rejects.toThrow(
            /found minusnow:index:AwsNet, allowed are minusnow:index:AwsAppPair, /,
        );
    });
});
