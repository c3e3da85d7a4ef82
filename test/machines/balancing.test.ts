import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dataMachine } from "./lab/data-machine";
import { missingForMachines } from "./lab/image";
import { createLab, type Lab } from "./lab/lab";
import type { Machine } from "./lab/machine";
import { accountOf, planReference, settingsOf, userDataOf } from "./lab/reference";
import { packRelease } from "./lab/release";

describe.skipIf(missingForMachines())("machines", () => {
    let lab: Lab;
    let app1: Machine;
    let data: Machine;
    beforeAll(async () => {
        lab = createLab();
        const first = packRelease(lab.folder, "1.0.0");
        const at = await planReference(lab, "1.0.0", first);
        const { secrets, database, sessionStore } = settingsOf(at);
        const passwords = { database: "p@ss/w:rd#1", sessions: "s3ss/ions" };
        Object.assign(lab.hosts, { [database.host]: "10.0.2.10", [sessionStore!.host]: "10.0.2.10" });
        await lab.account(
            accountOf(
                at,
                {
                    ...Object.fromEntries(Object.entries(secrets).map(([name, id]) => [id, `secret value of ${name}`])),
                    [database.secretId]: JSON.stringify({ username: "minusnow", password: passwords.database }),
                    [sessionStore!.secretId]: passwords.sessions,
                },
                { "1.0.0": first },
            ),
        );
        data = lab.machine("data", "10.0.2.10", dataMachine(lab.authority, { database: database.host, sessions: sessionStore!.host }, passwords));
        app1 = lab.machine("app1", "10.0.1.10", userDataOf(at, "app1"));
        data.start();
        app1.start();
        await data.booted();
        await app1.booted();
    });
    afterAll(() => lab?.close());

    it("works", async () => {
        console.log(await app1.exec("systemctl status minusnow; curl -s localhost:5000/api/telemetry/health; tail -20 /var/log/cloud-init-output.log; systemctl --failed; systemd-analyze"));
        console.log(await data.exec("systemctl --failed; ss -ltnp; tail -20 /var/log/cloud-init-output.log"));
        expect(await app1.ok("curl -sf localhost:5000/api/telemetry/health")).toContain("healthy");
    });
});
