import {
    backupStrategy,
    healthEndpoints,
    securityHeaders,
    sharedDirectories,
    thresholds,
} from "../../components/reference";
import { capacityOf } from "../../policy/model/sizes";
import type { Facts } from "./facts";

/** What must hold on every cloud; the answer is shown in the table, and `true` or a text counts as kept. */
export interface Invariant {
    step: string;
    title: string;
    /** What the plan says, as a short text; undefined when the invariant does not hold. */
    holds: (facts: Facts) => string | undefined;
    /** Clouds that cannot keep it, with the reason, which the contract's documentation gives as well. */
    except?: Partial<Record<"aws" | "azure", string>>;
}

const when = (condition: boolean, says: string): string | undefined => (condition ? says : undefined);
const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);
const sorted = <T>(values: T[]) => [...new Set(values)].sort();
const strategy = (data: string) => backupStrategy.find((rule) => rule.data === data)!;

/** One list for both clouds. */
export const invariants: Invariant[] = [
    {
        step: "contract",
        title: "the stack has the same outputs",
        holds: ({ outputs }) =>
            when(
                same(sorted(outputs), [
                    "endpoint",
                    "keyId",
                    "memberAddresses",
                    "memberIds",
                    "networkId",
                    "readerHost",
                    "url",
                    "writerHost",
                ]),
                `${outputs.length} outputs`,
            ),
    },
    {
        step: "contract",
        title: "tags reach everything that takes tags",
        holds: ({ tagged }) => when(tagged.missing.length === 0, "all"),
    },
    {
        step: "checklist",
        title: "what people attest is registered before anything is made",
        holds: (facts) => when(facts.readinessFirst, "first"),
    },
    {
        step: "1",
        title: "443 and 80 are open to users, nothing else is",
        holds: ({ entry }) => when(same([...entry.publicPorts].sort(), [443, 80]), entry.publicPorts.join(", ")),
    },
    {
        step: "1",
        title: "80 redirects for good",
        holds: ({ entry }) => when(entry.redirect === "permanent", entry.redirect),
    },
    { step: "1", title: "TLS 1.2 or newer", holds: ({ entry }) => when(entry.tls === "1.2", entry.tls) },
    {
        step: "1",
        title: "the three security headers",
        holds: ({ entry }) => when(same(Object.values(entry.headers), Object.values(securityHeaders)), "3 headers"),
    },
    {
        step: "1",
        title: "/health, status 200, every 5 s, 4 s to answer, fall 3",
        holds: ({ entry: { check } }) =>
            when(
                check.path === "/health" &&
                    check.status === "200" &&
                    check.interval === 5 &&
                    check.timeout === 4 &&
                    check.fall === 3,
                `${check.path} ${check.interval} s`,
            ),
    },
    {
        step: "8",
        title: "a server is back after 2 good answers",
        holds: ({ entry }) => when(entry.check.rise === 2, "rise 2"),
        except: { azure: "Application Gateway takes a server back after one good answer and has no number for it" },
    },
    {
        step: "1",
        title: "sessions stick, a leaving server is drained for 50 s",
        holds: ({ entry }) => when(entry.sticky && entry.drainSeconds === 50, `${entry.drainSeconds} s`),
    },
    {
        step: "1",
        title: "a request may take 50 s",
        holds: ({ entry }) => when(entry.timeoutSeconds === 50, `${entry.timeoutSeconds} s`),
    },
    {
        step: "1",
        title: "the balancer is in two zones",
        holds: ({ entry }) => when(entry.zones > 1, `${entry.zones} zones`),
    },
    {
        step: "1",
        title: "the balancer is protected from deletion and logs accesses",
        holds: ({ entry }) => when(entry.protected && entry.logged, "protected, logged"),
    },
    {
        step: "checklist",
        title: "a web firewall blocks by managed rules and logs",
        holds: ({ firewall }) => when(firewall.managedRules && firewall.logged, "blocks, logs"),
    },
    {
        step: "checklist",
        title: "2000 requests a minute of one address",
        holds: ({ firewall }) => when(firewall.perMinute === 2000, String(firewall.perMinute)),
    },
    {
        step: "checklist",
        title: "more of them get 429",
        holds: ({ firewall }) => when(firewall.status === 429, String(firewall.status)),
        except: {
            azure: "a gateway's firewall has one status for all that it blocks, 403, which is right for its other rules",
        },
    },
    {
        step: "2",
        title: "two servers in two zones",
        holds: ({ servers }) => when(new Set(servers.zones).size === 2, servers.zones.join(", ")),
    },
    {
        step: "7",
        title: "app1 is host 10, app2 host 11",
        holds: ({ servers }) =>
            when(same(servers.addresses, ["10.0.1.10", "10.0.17.11"]), servers.addresses.join(", ")),
    },
    {
        step: "2",
        title: "8 CPU and 16 GiB or more",
        holds: ({ servers }) => {
            const { cpus = 0, memoryGib = 0 } = capacityOf(servers.size) ?? {};
            return when(cpus >= 8 && memoryGib >= 16, `${cpus} CPU, ${memoryGib} GiB`);
        },
    },
    {
        step: "2",
        title: "no public address, no login by password",
        holds: ({ servers }) => when(!servers.publicAddress && !servers.passwordLogin, "neither"),
    },
    {
        step: "2",
        title: "disks are encrypted by the customer's key",
        holds: ({ servers }) => when(servers.diskKey, "customer key"),
    },
    {
        step: "2",
        title: "no update replaces a server that is not named",
        holds: ({ servers }) => when(servers.kept, "kept"),
    },
    {
        step: "2",
        title: "the same hardened unit, environment and storage services",
        holds: ({ servers }) => {
            const units = Object.keys(servers.files).filter((path) => path.startsWith("/etc/systemd/system/"));
            return when(
                units.length === 3,
                units.map((path) => path.split("/").at(-1)!.replace("minusnow-", "")).join(" "),
            );
        },
    },
    {
        step: "5",
        title: "five shared directories are mounted",
        holds: ({ servers }) => {
            const lines = (servers.files["/etc/minusnow/fstab"] ?? "").trim().split("\n");
            const places = lines.map((line) => line.split(" ")[1]!.replace("/opt/minusnow/", ""));
            return when(same(places, sharedDirectories), `${places.length} mounts`);
        },
    },
    {
        step: "6",
        title: "servers read the session, mail, database and cache secrets and no others",
        holds: ({ servers }) => {
            const own = sorted(servers.readable.map((name) => name.replace(/^minusnow-prod-/, "")));
            const foreign = own.filter(
                (name) =>
                    !/^(secrets-session|secrets-smtp|db-app|sessions-password|app-settings|app-release)$/.test(name),
            );
            return when(
                foreign.length === 0 && own.includes("db-app") && own.includes("secrets-session"),
                own.join(" "),
            );
        },
    },
    {
        step: "3",
        title: "servers cannot read the administrator's secret; one other may",
        holds: ({ servers, database }) =>
            when(
                !servers.readable.includes(database.adminSecret) && database.adminSecretReaders.length === 1,
                database.adminSecretReaders.map((name) => name.replace(/^minusnow-prod-/, "")).join(),
            ),
    },
    { step: "3", title: "PostgreSQL 17", holds: ({ database }) => when(database.version === "17", database.version) },
    {
        step: "3",
        title: "standby in another zone, replica in another than its primary's",
        holds: ({ database }) => when(database.standby && database.replicaElsewhere, "both"),
    },
    {
        step: "3",
        title: "500 GB or more",
        holds: ({ database }) => when(database.storageGib >= 500, `${database.storageGib} GiB`),
    },
    {
        step: "3",
        title: "encrypted by the customer's key, private, TLS only",
        holds: ({ database }) => when(database.customerKey && !database.public && database.tls, "all three"),
    },
    ...["max_connections", "random_page_cost", "effective_io_concurrency"].map((name): Invariant => ({
        step: "3",
        title: `${name} as in the guide`,
        holds: ({ database }) =>
            when(
                database.settings[name] ===
                    { max_connections: "200", random_page_cost: "1.1", effective_io_concurrency: "200" }[name],
                database.settings[name] ?? "",
            ),
    })),
    {
        step: "3",
        title: "shared_buffers 25 %, effective_cache_size 75 % of memory",
        holds: ({ database: { settings } }) =>
            when(
                settings["shared_buffers"] === "25 % of memory" &&
                    settings["effective_cache_size"] === "75 % of memory",
                "25 %, 75 %",
            ),
    },
    {
        step: "3",
        title: "maintenance_work_mem 1 GB, work_mem 64 MB",
        holds: ({ database: { settings } }) =>
            when(settings["maintenance_work_mem"] === "1024MB" && settings["work_mem"] === "64MB", "1024MB, 64MB"),
    },
    {
        step: "3",
        title: "wal_keep_size 1 GB",
        holds: ({ database }) => when(database.settings["wal_keep_size"] === "1024", "1024"),
        except: { azure: "Azure sets wal_keep_size itself and refuses another value" },
    },
    {
        step: "Backup",
        title: "any moment of 30 days can be restored",
        holds: ({ database }) => when(database.recoveryDays === 30, `${database.recoveryDays} days`),
    },
    {
        step: "3",
        title: "the database is protected from deletion",
        holds: ({ database }) => when(database.protected, "protected"),
    },
    {
        step: "5",
        title: "storage for the five directories",
        holds: ({ storage }) =>
            when(same(sorted(storage.directories), sorted([...sharedDirectories])), `${storage.directories.length}`),
    },
    {
        step: "5",
        title: "storage over TLS, customer key, in all zones, protected",
        holds: ({ storage }) =>
            when(storage.tls && storage.customerKey && storage.zones && storage.protected, "all four"),
    },
    {
        step: "8",
        title: "sessions with failover, TLS, private, allkeys-lru",
        holds: ({ sessions }) =>
            when(
                sessions.failover && sessions.tls && sessions.private && sessions.policy === "allkeys-lru",
                sessions.policy,
            ),
    },
    {
        step: "6",
        title: "generated secrets of 32 characters or more",
        holds: ({ secrets }) => when(Math.min(...secrets.lengths) >= 32, sorted(secrets.lengths).join(", ")),
    },
    {
        step: "6",
        title: "the key rotates, a deleted secret can be brought back",
        holds: ({ secrets }) =>
            when(secrets.keyRotates && secrets.recoverableDays >= 7, `${secrets.recoverableDays} days`),
    },
    { step: "7", title: "10.0.0.0/16", holds: ({ network }) => when(network.space === "10.0.0.0/16", network.space) },
    {
        step: "7",
        title: "the guide's subnets of the first zone, and app in the second",
        holds: ({ network: { subnets } }) =>
            when(
                same(
                    ["edge-1", "app-1", "database-1", "storage-1", "cache-1", "app-2"].map((role) => subnets[role]),
                    ["10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24", "10.0.3.0/24", "10.0.4.0/24", "10.0.17.0/24"],
                ),
                `${Object.keys(subnets).length} subnets`,
            ),
    },
    {
        step: "7",
        title: "the guide's connections between tiers and no others",
        holds: ({ network }) => {
            const plain = sorted(network.openings.map((opening) => opening.replace(/cache 10000$/, "cache 6379")));
            const cloudOnly = ["app -> endpoints 443", "app -> storage 443", "edge -> storage 443"];
            const guide = [
                "app -> cache 6379",
                "app -> database 5432",
                "app -> storage 2049",
                "edge -> app 5000",
                "internet -> edge 443",
                "internet -> edge 80",
            ];
            return when(
                same(
                    plain.filter((opening) => !cloudOnly.includes(opening)),
                    guide,
                ),
                `${guide.length} connections`,
            );
        },
    },
    {
        step: "7",
        title: "servers reach 443 and 587 outside, package mirrors besides",
        holds: ({ network }) =>
            when(
                [443, 587].every((port) => network.outbound.includes(port)) &&
                    network.outbound.every((port) => [80, 443, 587].includes(port)),
                network.outbound.join(", "),
            ),
    },
    {
        step: "7",
        title: "flow logs, address translation in each zone",
        holds: ({ network }) => when(network.flowLogs && network.translation === 2, `${network.translation} gateways`),
    },
    {
        step: "7",
        title: "secrets are reached without leaving the network",
        holds: ({ network }) =>
            when(
                network.privateServices.includes("secretsmanager") || network.privateServices.includes("vault"),
                `${network.privateServices.length} endpoints`,
            ),
    },
    ...thresholds.map(({ metric, warning, critical }): Invariant => ({
        step: "Alerting",
        title: `${metric}: ${warning} warns, ${critical} is critical`,
        holds: ({ alerts }) => {
            const own = alerts.filter((alert) => alert.metric === metric);
            const right = (level: string, above: number) =>
                own.filter((alert) => alert.level === level).every((alert) => alert.above === above);
            const levels = new Set(own.map(({ level }) => level));
            return when(
                levels.size === 2 && right("warning", warning) && right("critical", critical),
                `${own.length} alerts`,
            );
        },
    })),
    {
        step: "Alerting",
        title: "warnings and criticals tell different people",
        holds: ({ receivers }) => when(receivers.warning !== receivers.critical, "different"),
    },
    {
        step: "Health",
        title: "the three health endpoints are asked from outside",
        holds: ({ probes }) =>
            when(same(sorted(probes), sorted(Object.values(healthEndpoints))), `${probes.length} endpoints`),
    },
    {
        step: "Health",
        title: "an alert for service down, and a dashboard",
        holds: ({ serviceDown, dashboard }) => when(serviceDown && dashboard, "both"),
    },
    ...(["database", "files", "audit-logs"] as const).map((data): Invariant => ({
        step: "Backup",
        title: `${data}: ${strategy(data).frequency}, ${strategy(data).retentionDays} days`,
        holds: ({ backups }) => {
            const { everyHours = Infinity, days } = backups[data];
            return when(
                everyHours <= strategy(data).everyHours! && days >= strategy(data).retentionDays,
                `every ${everyHours} h, ${days} days`,
            );
        },
    })),
    {
        step: "Backup",
        title: "configuration: each change, 90 days",
        holds: ({ backups }) => when(backups.configuration.days >= 90, `${backups.configuration.days} days`),
    },
    { step: "Backup", title: "audit logs in cold storage", holds: ({ archiveIsCold }) => when(archiveIsCold, "cold") },
    {
        step: "Backup",
        title: "backups cannot be deleted early and are copied to another region",
        holds: ({ backupsLocked, backupsCopied }) => when(backupsLocked && backupsCopied, "locked, copied"),
    },
    {
        step: "Backup",
        title: "a failed backup is told",
        holds: ({ backupFailureTold }) => when(backupFailureTold, "told"),
    },
];
