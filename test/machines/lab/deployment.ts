import type { PlannedStack } from "../../support/plans";
import { dataMachine } from "./data-machine";
import { type Account, createLab, type Lab, outside } from "./lab";
import type { Machine } from "./machine";
import { planRelease } from "./planned-release";
import { accountOf, certificateOf, healthOf, type PlannedMachine, settingsOf } from "./reference";
import { type Artifact, packRelease } from "./release";

/** What only the account knows, by its ARN. */
type Values = Pick<Account, "secrets" | "certificates">;

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
    /** Puts secrets and certificates by their ARN in the account, in place of earlier ones. */
    give: (values: Partial<Values>) => Promise<void>;
    /** Has the account know these machines, as their plans say. */
    tell: (machines: PlannedMachine[]) => Promise<void>;
    close: () => void;
}

export const HOSTNAME = "minusnow.example.com";
/** Servers of the system that the lab has an image of, or of one whose names and paths that image is given. */
const systems = { debian: "  minusnow:appPair:\n    os: debian-13\n", "amazon-linux": "" };
const passwords = { database: "p@ss/w:rd#1", sessions: "s3ss/ions", replicator: "r3pl:ic'ator\\x" };

/** Every value that nobody but its reader may see. */
export const secretValues = {
    ...passwords,
    SESSION_SECRET: "the-session-secret-of-the-lab",
    SMTP_PASS: "the-smtp-password",
};

/** Boots the machines of these plans; the data machine stands for managed services. */
export async function bootDeployment(
    choose: (plan: Deployment["plan"]) => Promise<PlannedMachine[]>,
    system: keyof typeof systems = "debian",
): Promise<Deployment> {
    const lab = createLab();
    try {
        const releases: Record<string, Artifact> = {};
        const release: Deployment["release"] = (version, change) =>
            (releases[version] = packRelease(lab.folder, version, change));
        release("1.0.0");
        const plan: Deployment["plan"] = (stackFile, version = "1.0.0") =>
            planRelease(
                lab,
                "aws-prod",
                version,
                releases[version]!,
                (text) => `${text}${systems[system]}${stackFile}`,
            );
        const planned = await choose(plan);
        const given = valuesFor(lab, planned);
        const isOnMachines = planned.some(({ name }) => name === "db1");
        if (isOnMachines) {
            await standBefore(lab, planned);
        }
        let known = planned;
        const tell: Deployment["tell"] = (machines) => {
            known = machines;
            return lab.account(accountOf(known, given, releases));
        };
        await tell(planned);
        const give: Deployment["give"] = ({ secrets, certificates }) => {
            Object.assign(given.secrets, secrets);
            Object.assign(given.certificates, certificates);
            return tell(known);
        };

        const data = await bootData(lab, planned[0]!.at, isOnMachines);
        const store = planned.find(({ name }) => name === "sessions");
        if (store) {
            lab.hosts[settingsOf(planned[0]!.at).sessionStore!.host] = store.address;
        }
        const booting = planned.map((machine) => {
            const { name, address, userData } = machine;
            const device = variableOf(machine, "VOLUME_DEVICE");
            const devices = device === undefined ? {} : { [device]: lab.disk(DISK_MIB) };
            return lab.machine(name, address, userData, devices, system);
        });
        booting.forEach((machine, place) => {
            lab.machinesById[planned[place]!.id] = machine;
            machine.start();
        });
        await Promise.all(booting.map((machine) => machine.booted()));
        const machines = Object.fromEntries(booting.map((machine) => [machine.name, machine]));
        return { lab, machines, data, release, plan, give, tell, close: lab.close };
    } catch (error) {
        lab.close();
        throw error;
    }
}

const DISK_MIB = 200;

/** A variable that the first-boot script of a machine gives its programs. */
const variableOf = ({ userData }: PlannedMachine, name: string) =>
    new RegExp(`^\\s*${name}=(.*)$`, "m").exec(userData)?.[1];

/** Addresses of what stands before the database, and from which it connects in each network of clients. */
const fronts = { primary: "10.0.2.5", standby: "10.0.2.6" };
const sources = { "10.0.1.": "10.0.1.200", "10.0.17.": "10.0.17.200" };

/** The two Network Load Balancers of a database on machines, and the bucket of its backups. */
async function standBefore(lab: Lab, planned: PlannedMachine[]): Promise<void> {
    const databases = planned.filter(({ name }) => name.startsWith("db"));
    const [{ at }] = databases as [PlannedMachine];
    const bucket = `${new URL(variableOf(databases[0]!, "DUMPS")!).hostname}.s3.us-east-1.amazonaws.com`;
    lab.hosts[bucket] = outside.aws;
    for (const [role, place] of [["primary", "writer"] as const, ["standby", "reader"] as const]) {
        const { outputs } = at.plan.resources.find(
            ({ type, name }) => type === "aws:lb/loadBalancer:LoadBalancer" && name.endsWith(`-db-${place}`),
        )!;
        lab.hosts[outputs["dnsName"] as string] = fronts[role];
        await lab.front({
            address: fronts[role],
            port: 5432,
            machines: databases.map(({ address }) => address),
            health: healthOf(at, `-db-${place}`),
            sources,
            like: "aws",
        });
    }
}

function valuesFor(lab: Lab, planned: PlannedMachine[]): Values {
    const { at } = planned[0]!;
    const { secrets, database, sessionStore } = settingsOf(at);
    const db1 = planned.find(({ name }) => name === "db1");
    const named = Object.entries(secrets).map(([name, id]) => [id, secretValues[name as "SMTP_PASS"]]);
    return {
        secrets: {
            ...(Object.fromEntries(named) as Record<string, string>),
            [database.secretId]: JSON.stringify({ username: "minusnow", password: passwords.database }),
            [sessionStore!.secretId]: passwords.sessions,
            ...(db1 && { [variableOf(db1, "REPLICATOR_SECRET_ID")!]: passwords.replicator }),
        },
        certificates: { [certificateOf(at)]: lab.authority.issue(HOSTNAME) },
    };
}

/** In the database's subnet, where it stands for the database too. */
async function bootData(lab: Lab, at: PlannedStack, isOnMachines: boolean): Promise<Machine> {
    const { database, sessionStore } = settingsOf(at);
    const address = isOnMachines ? "10.0.4.20" : "10.0.2.10";
    Object.assign(lab.hosts, { [sessionStore!.host]: address, ...(!isOnMachines && { [database.host]: address }) });
    const names = { database: database.host, sessions: sessionStore!.host };
    const data = lab.machine("data", address, dataMachine(lab.authority, names, passwords));
    data.start();
    await data.booted();
    return data;
}
