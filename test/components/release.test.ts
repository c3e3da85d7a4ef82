import { describe, expect, it } from "vitest";
import { type CommandResult, type MemberActions, releaseMember } from "../../components/release/release-member";

const wanted = { version: "2.0.0", artifact: "s3://releases/2.0.0.tar.gz", sha256: "0".repeat(64), bakeSeconds: 15 };
const ok: CommandResult = { status: 0, output: "" };
const no = (output: string): CommandResult => ({ status: 1, output });

/** A server that answers its `release` program by a list for each action, the last one for ever. */
function member(answers: {
    status?: CommandResult[];
    install?: CommandResult;
    watch?: CommandResult;
    rollback?: CommandResult;
}) {
    const steps: string[] = [];
    const statuses = [...(answers.status ?? [no("REASON: it runs 1.0.0"), ok])];
    const actions: MemberActions = {
        takeOut: () => Promise.resolve(void steps.push("out")),
        putBack: () => Promise.resolve(void steps.push("in")),
        release: (action = "", ...args) => {
            steps.push([action, ...args].join(" "));
            if (action === "status") {
                return Promise.resolve(statuses.length > 1 ? statuses.shift()! : statuses[0]!);
            }
            return Promise.resolve(answers[action as "install" | "watch" | "rollback"] ?? ok);
        },
    };
    return { steps, actions };
}

const { version, artifact, sha256 } = wanted;
const status = `status ${version} ${sha256}`;
const install = `install ${version} ${artifact} ${sha256}`;
const other = no("REASON: it runs 1.0.0");
const watch = `watch ${version} ${sha256} ${wanted.bakeSeconds}`;
const ill: CommandResult = { status: 3, output: "REASON: /health answers 503\nfailed to run commands: exit status 3" };

describe("a release to one server (guide, step 8)", () => {
    it("goes out, installs, comes back and is watched", async () => {
        const { steps, actions } = member({});
        await expect(releaseMember("app2", wanted, actions)).resolves.toEqual({ installed: true });
        expect(steps).toEqual([status, "out", install, "in", watch]);
    });

    it("only puts a server back that has the release already: an earlier run may have broken off", async () => {
        const { steps, actions } = member({ status: [ok] });
        await expect(releaseMember("app2", wanted, actions)).resolves.toEqual({ installed: false });
        expect(steps).toEqual([status, "in"]);
    });

    it("touches no server that has the release and is ill for another reason", async () => {
        const { steps, actions } = member({ status: [ill] });
        await expect(releaseMember("app2", wanted, actions)).rejects.toThrow(
            "app2: it has release 2.0.0 already and is ill: /health answers 503",
        );
        expect(steps).toEqual([status]);
    });

    it("puts a server back that could not take the release, and fails with its reason", async () => {
        const reason =
            "noise\nREASON: not healthy within 90 s: /health answers 500\nfailed to run commands: exit status 1";
        const { steps, actions } = member({ install: no(reason) });
        await expect(releaseMember("app2", wanted, actions)).rejects.toThrow(
            "app2: release 2.0.0 failed: not healthy within 90 s: /health answers 500",
        );
        expect(steps).toEqual([status, "out", install, "in"]);
    });

    it("puts a server back when what was asked of it breaks off, and tells of that", async () => {
        const { steps, actions } = member({});
        const broken = {
            ...actions,
            release: (action = "", ...args: string[]) =>
                action === "install" ? Promise.reject(new Error("waited 420 s")) : actions.release(action, ...args),
        };
        await expect(releaseMember("app2", wanted, broken)).rejects.toThrow("waited 420 s");
        expect(steps).toEqual([status, "out", "in"]);
    });

    it("rolls back a server that falls ill while it is watched, out of the balancer", async () => {
        const { steps, actions } = member({ watch: ill });
        await expect(releaseMember("app2", wanted, actions)).rejects.toThrow(
            "app2: release 2.0.0 failed later: /health answers 503; the former release is back",
        );
        expect(steps.slice(-4)).toEqual([watch, "out", "rollback", "in"]);
    });

    it("takes no answer for no illness, and asks once more", async () => {
        const lost = { status: -1, output: "Undeliverable" };
        const well = member({ status: [other, ok], watch: lost });
        await expect(releaseMember("app2", wanted, well.actions)).resolves.toEqual({ installed: true });
        expect(well.steps.slice(-2)).toEqual([watch, status]);
        const sick = member({ status: [other, ill], watch: lost });
        await expect(releaseMember("app2", wanted, sick.actions)).rejects.toThrow("the former release is back");
    });

    it("says so when the former release does not come back either", async () => {
        const { actions } = member({
            watch: ill,
            rollback: no("REASON: there is no former release to bring back"),
        });
        await expect(releaseMember("app2", wanted, actions)).rejects.toThrow(
            "/health answers 503; and stays: there is no former release to bring back",
        );
    });
});
