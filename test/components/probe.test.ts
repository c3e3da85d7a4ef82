import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { asMetric, probe } from "../../components/monitoring/probe/handler";

describe("the probe of the health endpoints", () => {
    let server: Server;
    let base: string;
    beforeAll(async () => {
        server = createServer((request, response) => {
            if (request.url === "/moved") {
                response.writeHead(302, { location: "/health" }).end();
            } else {
                response.writeHead(request.url === "/health" ? 200 : 503).end("{}");
            }
        });
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
        base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    });
    afterAll(() => server.close());

    it("takes 200 for healthy", async () => {
        expect(await probe({ endpoint: "basic", url: `${base}/health` })).toMatchObject({ healthy: true });
    });

    it.each([
        ["another status", "/api/telemetry/health", "status 503"],
        ["a redirect", "/moved", "status 302"],
    ])("takes %s for unhealthy", async (_, path, reason) => {
        expect(await probe({ endpoint: "detailed", url: base + path })).toMatchObject({ healthy: false, reason });
    });

    it("takes no answer for unhealthy and says why", async () => {
        const result = await probe({ endpoint: "basic", url: "http://127.0.0.1:1/health" });
        expect(result.healthy).toBe(false);
        expect(result.reason).toMatch(/ECONNREFUSED|bad port/);
    });

    it("writes a metric in CloudWatch's embedded format", () => {
        const metric = asMetric({ endpoint: "basic", healthy: false, milliseconds: 12, reason: "status 503" }, "watch");
        expect(metric).toMatchObject({ Deployment: "watch", Endpoint: "basic", Healthy: 0, Latency: 12 });
        const [definition] = metric._aws.CloudWatchMetrics;
        for (const name of [...definition!.Dimensions.flat(), ...definition!.Metrics.map(({ Name }) => Name)]) {
            expect(metric).toHaveProperty(name);
        }
    });
});
