import type { PlannedStack } from "../../support/plans";
import { dataMachine } from "./data-machine";
import { createLab, type Lab } from "./lab";
import type { Machine } from "./machine";
import { accountOf, certificateOf, machinesOf, planReference, settingsOf } from "./reference";
import { type Artifact, packRelease } from "./release";

/** The reference architecture, booted: what the plan says, in a lab. */
export interface Deployment {
    lab: Lab;
    at: PlannedStack;
    releases: Record<string, Artifact>;
    machines: Record<string, Machine>;
    data: Machine;
    close: () => void;
}

export const HOSTNAME = "minusnow.example.com";
const passwords = { database: "p@ss/w:rd#1", sessions: "s3ss/ions" };

/** Every value that nobody but its reader may see. */
export const secretValues = {
    ...passwords,
    SESSION_SECRET: "the-session-secret-of-the-lab",
    SMTP_PASS: "the-smtp-password",
};

/** Boots the machines of aws-prod with this in its stack file; the data machine stands for managed services. */
export async function bootDeployment(stackFile: string): Promise<Deployment> {
    const lab = createLab();
    try {
        const releases = { "1.0.0": packRelease(lab.folder, "1.0.0") };
        const at = await planReference(lab, "1.0.0", releases["1.0.0"], stackFile);
        const { secrets, database, sessionStore } = settingsOf(at);
        Object.assign(lab.hosts, { [database.host]: "10.0.2.10", [sessionStore!.host]: "10.0.2.10" });
        const given = {
            secrets: {
                ...Object.fromEntries(
                    Object.entries(secrets).map(([name, id]) => [id, secretValues[name as "SMTP_PASS"]]),
                ),
                [database.secretId]: JSON.stringify({ username: "minusnow", password: passwords.database }),
                [sessionStore!.secretId]: passwords.sessions,
            },
            certificates: { [certificateOf(at)]: lab.authority.issue(HOSTNAME) },
        };
        await lab.account(accountOf(at, given, releases));
        const names = { database: database.host, sessions: sessionStore!.host };
        const data = lab.machine("data", "10.0.2.10", dataMachine(lab.authority, names, passwords));
        data.start();
        await data.booted();
        const machines = Object.values(machinesOf(at)).map(({ name, address, userData }) => {
            const machine = lab.machine(name, address, userData);
            machine.start();
            return [name, machine] as const;
        });
        await Promise.all(machines.map(([, machine]) => machine.booted()));
        return { lab, at, releases, data, machines: Object.fromEntries(machines), close: lab.close };
    } catch (error) {
        lab.close();
        throw error;
    }
}
