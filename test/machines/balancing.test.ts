import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bootDeployment, type Deployment } from "./lab/deployment";
import { missingForMachines } from "./lab/image";
import { failures, startLoad } from "./lab/load";

describe.skipIf(missingForMachines())("machines", () => {
    let deployment: Deployment;
    beforeAll(async () => {
        deployment = await bootDeployment("  minusnow:loadBalancer:\n    kind: haproxy\n");
    });
    afterAll(() => deployment?.close());

    it("works", async () => {
        const { machines, lab } = deployment;
        const { app1, lb1 } = machines;
        console.log(
            await lb1!.exec(
                "systemctl --failed; systemctl list-timers; cat /etc/haproxy/haproxy.cfg; ufw status; ss -ltnp; journalctl -u haproxy --no-pager | tail -20; systemd-analyze",
            ),
        );
        console.log(
            await app1!.exec(
                "systemd-analyze; journalctl -u minusnow --no-pager | tail; tail -50 /var/log/cloud-init-output.log | grep -v ssh",
            ),
        );
        const load = startLoad(lab, lb1!.address);
        await new Promise((resolve) => setTimeout(resolve, 5000));
        const samples = await load.stop();
        console.log(samples.length, samples.slice(0, 10), failures(samples));
        expect(samples.length).toBeGreaterThan(900);
    });
});
