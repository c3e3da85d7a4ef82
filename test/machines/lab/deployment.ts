import type { PlannedStack } from "../../support/plans";
import { dataMachine } from "./data-machine";
import { type Account, createLab, type Lab } from "./lab";
import type { Machine } from "./machine";
import { accountOf, certificateOf, type PlannedMachine, planReference, settingsOf } from "./reference";
import { type Artifact, packRelease } from "./release";

/** The reference architecture, booted: what the plan says, in a lab. */
export interface Deployment {
    lab: Lab;
    machines: Record<string, Machine>;
    /** The machine that stands for managed services. */
    data: Machine;
    /** Packs a release that the account then has. */
    release: (version: string, change?: (program: string) => string) => Artifact;
    /** Plans the stack with this in its file. */
    plan: (stackFile: string, version?: string) => Promise<PlannedStack>;
    /** Replaces the session store's password in the account. */
    rotate: (password: string) => Promise<void>;
    /** Has the account know these machines, as their plans say. */
    tell: (machines: PlannedMachine[]) => Promise<void>;
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

/** Boots the machines of these plans; the data machine stands for managed services. */
export async function bootDeployment(
    choose: (plan: Deployment["plan"]) => Promise<PlannedMachine[]>,
): Promise<Deployment> {
    const lab = createLab();
    try {
        const releases: Record<string, Artifact> = {};
        const release: Deployment["release"] = (version, change) =>
            (releases[version] = packRelease(lab.folder, version, change));
        release("1.0.0");
        const plan: Deployment["plan"] = (stackFile, version = "1.0.0") =>
            planReference(lab, version, releases[version]!, stackFile);
        const planned = await choose(plan);
        const given = valuesFor(lab, planned[0]!.at);
        const tell: Deployment["tell"] = (machines) => lab.account(accountOf(machines, given, releases));
        await tell(planned);
        const rotate: Deployment["rotate"] = (password) => {
            given.secrets[settingsOf(planned[0]!.at).sessionStore!.secretId] = password;
            return tell(planned);
        };

        const data = await bootData(lab, planned[0]!.at);
        const store = planned.find(({ name }) => name === "sessions");
        if (store) {
            lab.hosts[settingsOf(planned[0]!.at).sessionStore!.host] = store.address;
        }
        const booting = planned.map(({ name, address, userData }) => lab.machine(name, address, userData));
        booting.forEach((machine, place) => {
            lab.machinesById[planned[place]!.id] = machine;
            machine.start();
        });
        await Promise.all(booting.map((machine) => machine.booted()));
        const machines = Object.fromEntries(booting.map((machine) => [machine.name, machine]));
        return { lab, machines, data, release, plan, rotate, tell, close: lab.close };
    } catch (error) {
        lab.close();
        throw error;
    }
}

function valuesFor(lab: Lab, at: PlannedStack): Pick<Account, "secrets" | "certificates"> {
    const { secrets, database, sessionStore } = settingsOf(at);
    const named = Object.entries(secrets).map(([name, id]) => [id, secretValues[name as "SMTP_PASS"]]);
    return {
        secrets: {
            ...(Object.fromEntries(named) as Record<string, string>),
            [database.secretId]: JSON.stringify({ username: "minusnow", password: passwords.database }),
            [sessionStore!.secretId]: passwords.sessions,
        },
        certificates: { [certificateOf(at)]: lab.authority.issue(HOSTNAME) },
    };
}

async function bootData(lab: Lab, at: PlannedStack): Promise<Machine> {
    const { database, sessionStore } = settingsOf(at);
    const address = "10.0.2.10";
    Object.assign(lab.hosts, { [database.host]: address, [sessionStore!.host]: address });
    const names = { database: database.host, sessions: sessionStore!.host };
    const data = lab.machine("data", address, dataMachine(lab.authority, names, passwords));
    data.start();
    await data.booted();
    return data;
}
