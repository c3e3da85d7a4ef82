import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, it, vi } from "vitest";

let server: Server;
let said: { operation: string; body: Record<string, string> }[];
let answers: Record<string, [number, object]>;
beforeEach(async () => {
    said = [];
    const SecretString = JSON.stringify({ username: "minusnow\\Admin", password: "Aa1-secret" });
    answers = { GetSecretValue: [200, { SecretString }], ResetUserPassword: [200, {}] };
    server = createServer((request, response) => {
        let text = "";
        request.on("data", (chunk) => (text += String(chunk)));
        request.on("end", () => {
            const operation = (request.headers["x-amz-target"] as string).split(".")[1]!;
            said.push({ operation, body: JSON.parse(text) as Record<string, string> });
            const [status, body] = answers[operation]!;
            response.writeHead(status, { "content-type": "application/x-amz-json-1.1" }).end(JSON.stringify(body));
        });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    vi.stubEnv("AWS_ENDPOINT_URL", `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    vi.stubEnv("AWS_REGION", "us-east-1");
    vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
    vi.stubEnv("DIRECTORY_ID", "d-1234567890");
    vi.stubEnv("SECRET_ID", "arn:secret");
});
afterEach(() => {
    vi.unstubAllEnvs();
    server.closeAllConnections();
    server.close();
});

it("sets the password of the shared directories again, the same one", async () => {
    const { handler } = await import("../../components/shared-storage/login/handler");
    await handler();
    expect(said).toEqual([
        { operation: "GetSecretValue", body: { SecretId: "arn:secret" } },
        {
            operation: "ResetUserPassword",
            body: { DirectoryId: "d-1234567890", UserName: "Admin", NewPassword: "Aa1-secret" },
        },
    ]);
});

it("fails when the directory refuses it", async () => {
    answers["ResetUserPassword"] = [400, { __type: "InvalidPasswordException", message: "too weak" }];
    const { handler } = await import("../../components/shared-storage/login/handler");
    await expect(handler()).rejects.toThrow("too weak");
});
