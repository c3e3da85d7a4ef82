import { type Finding, fail, pass, shown, waits } from "../rule";
import type { Resource, Stack } from "../stack";
import { aws, azure } from "../types";
import { firstBoot } from "./first-boot";

/** HAProxy or Nginx on machines of the stack, behind a balancer that hands connections on. */
export interface Proxy {
    program: "haproxy" | "nginx";
    machines: Resource[];
    /** What holds the configuration that the machines take up: a parameter on AWS, a secret on Azure. */
    source: Resource;
    /** What holds the id of the certificate. */
    certificate: Resource;
    /** What the configuration says; undefined while it is not known. */
    facts: ProxyFacts | undefined;
}

/** What a balancer's configuration says, in the guide's terms; undefined where it says nothing. */
export interface ProxyFacts {
    /** Addresses of the application servers. */
    members: string[];
    /** Ports of the application servers. */
    ports: number[];
    healthPath: string | undefined;
    healthStatus: number | undefined;
    healthInterval: number | undefined;
    healthFall: number | undefined;
    healthRise: number | undefined;
    stickyCookie: boolean;
    /** Versions of TLS that it speaks. */
    tls: string[];
    redirectStatus: number | undefined;
    headers: Record<string, string>;
    /** Requests of one address in a minute. */
    ratePerMinute: number | undefined;
    rateStatus: number | undefined;
    logs: boolean;
    idleSeconds: number | undefined;
}

/** The proxy that these machines are; undefined when they run no HAProxy or Nginx of ours. */
export function proxyOf(stack: Stack, machines: Resource[]): Proxy | undefined {
    const boot = machines.map((machine) => firstBoot(machine) ?? "").find((text) => PROGRAM.test(text));
    const tag = machines.map((machine) => machine.text("tags.minusnow-balancer")).find(isProgram);
    const program = (PROGRAM.exec(boot ?? "")?.[1] as Proxy["program"] | undefined) ?? tag;
    const settings = /^\s*SETTINGS=(\S+)$/m.exec(boot ?? "")?.[1];
    const source = document(stack, settings, `configuration-${program}`);
    // The one beside it: other tiers have certificates too.
    const beside = source && nameOf(source).replace(`configuration-${program}`, "");
    const certificate = document(stack, settings, "certificate", beside);
    if (program === undefined || source === undefined || certificate === undefined) {
        return undefined;
    }
    const facts = boot === undefined ? undefined : readFacts(program, boot, source.text(valueOf(source)));
    return { program, machines, source, certificate, facts };
}

const isProgram = (text: string | undefined): text is Proxy["program"] => text === "haproxy" || text === "nginx";

/** Where a parameter or a secret has its value. */
export const valueOf = ({ type }: Resource) => (type === azure.secret ? "properties.value" : "value");

/** What machines read under a name. On Azure a first preview knows neither their script nor the vault: then the name decides. */
function document(stack: Stack, settings: string | undefined, key: string, start = ""): Resource | undefined {
    const [, vault, prefix] = /\/vaults\/([^/]+)\/secrets\/([^/]+)$/i.exec(settings ?? "") ?? [];
    const isOf = (secret: Resource) => {
        const own = nameOf(secret);
        return vault === undefined
            ? settings === undefined && own.startsWith(start) && own.endsWith(`-${key}`)
            : own.toLowerCase() === `https://${vault}.vault.azure.net/secrets/${prefix}-${key}`.toLowerCase();
    };
    return (
        stack.of(aws.parameter).find((other) => other.get("name") === `${settings}/${key}`) ??
        stack.of(azure.secret).find(isOf)
    );
}

const nameOf = (secret: Resource) =>
    secret.text("properties.secretUri") ?? secret.text("secretName") ?? secret.text("name") ?? "";

const PROGRAM = /^\s*PROGRAM=(haproxy|nginx)$/m;

function readFacts(program: Proxy["program"], boot: string, value: string | undefined): ProxyFacts | undefined {
    if (value === undefined) {
        return undefined;
    }
    const { text, members } = parsed(value);
    const own = program === "haproxy" ? haproxyFacts(text) : nginxFacts(text, boot);
    return { ...own, members: Object.values(members) };
}

function parsed(value: string): { text: string; members: Record<string, string> } {
    try {
        return { text: "", members: {}, ...(JSON.parse(value) as object) };
    } catch {
        return { text: "", members: {} };
    }
}

type OwnFacts = Omit<ProxyFacts, "members">;

/** Lines that are no comments. */
const active = (text: string) =>
    text
        .split("\n")
        .filter((line) => !line.trimStart().startsWith("#"))
        .join("\n");

function finder(text: string) {
    const lines = active(text);
    return {
        word: (pattern: RegExp) => pattern.exec(lines)?.[1],
        number: (pattern: RegExp) => {
            const found = pattern.exec(lines)?.[1];
            return found === undefined ? undefined : Number(found);
        },
        has: (pattern: RegExp) => pattern.test(lines),
        all: (pattern: RegExp) => [...lines.matchAll(pattern)],
    };
}

function haproxyFacts(text: string): OwnFacts {
    const { word, number, has, all } = finder(text);
    const least = word(/ssl-min-ver TLSv(1\.\d)/);
    return {
        ports: all(/^\s*server \S+ [\d.]+:(\d+)/gm).map(([, port]) => Number(port)),
        healthPath: has(/option httpchk/) ? word(/http-check send meth GET uri (\S+)/) : undefined,
        healthStatus: number(/http-check expect status (\d+)/),
        healthInterval: number(/default-server check.* inter (\d+)s/),
        healthFall: number(/default-server check.* fall (\d+)/),
        healthRise: number(/default-server check.* rise (\d+)/),
        stickyCookie: has(/^\s*cookie \S+ insert/m),
        tls: has(/bind \*:443 ssl/)
            ? ["1.0", "1.1", "1.2", "1.3"].filter((version) => version >= (least ?? "1.0"))
            : [],
        redirectStatus: number(/redirect scheme https code (\d+)/),
        headers: Object.fromEntries(
            all(/http-after-response set-header (\S+) "([^"]*)"/g).map(([, name, value]) => [name, value]),
        ) as Record<string, string>,
        ratePerMinute:
            has(/http-request track-sc0 src/) && has(/store http_req_rate\(1m\)/)
                ? number(/sc_http_req_rate\(0\) gt (\d+)/)
                : undefined,
        rateStatus: number(/deny deny_status (\d+) if \{ sc_http_req_rate/),
        logs: has(/^\s*log \/dev\/log/m) && has(/option httplog/),
        idleSeconds: number(/timeout client (\d+)s/),
    };
}

/** Open-source Nginx checks nothing by itself: a program beside it does. */
function nginxFacts(text: string, boot: string): OwnFacts {
    const { word, number, has, all } = finder(text);
    const checks = finder(boot.includes("minusnow-health.service") ? boot : "");
    const versions = has(/listen 443 ssl/) ? (word(/ssl_protocols ([^;]+);/) ?? "TLSv1.0 TLSv1.1 TLSv1.2 TLSv1.3") : "";
    return {
        ports: all(/^\s*server [\d.]+:(\d+)/gm).map(([, port]) => Number(port)),
        healthPath: checks.word(/HEALTH_PATH=(\S+)/),
        healthStatus: checks.number(/HEALTH_STATUS=(\d+)/),
        healthInterval: checks.number(/HEALTH_INTERVAL=(\d+)/),
        healthFall: checks.number(/HEALTH_FALL=(\d+)/),
        healthRise: checks.number(/HEALTH_RISE=(\d+)/),
        // The cookie that is set must be the one that is looked at.
        stickyCookie:
            has(/map \$cookie_(\w+) \$chosen[^]*"\1=\$answered;/) && has(/add_header Set-Cookie \$new_cookie/),
        tls: [...versions.matchAll(/TLSv([\d.]+)/g)].map(([, version]) => version!),
        redirectStatus: number(/return (\d+) https:/),
        headers: Object.fromEntries(
            all(/add_header (\S+) "([^"]*)" always/g).map(([, name, value]) => [name, value]),
        ) as Record<string, string>,
        ratePerMinute: has(/limit_req zone=/)
            ? number(/limit_req_zone \$binary_remote_addr .*rate=(\d+)r\/m/)
            : undefined,
        rateStatus: number(/limit_req_status (\d+)/),
        logs: has(/^\s*access_log \/\S+/m),
        // That of users; groups of servers have one of their own.
        idleSeconds: finder(text.replaceAll(/^upstream [^}]*\}/gm, "")).number(/keepalive_timeout (\d+)s/),
    };
}

/** Decides by a fact of the configuration. */
export function expectFact<T extends keyof ProxyFacts>(
    { source, facts }: Proxy,
    fact: T,
    isRight: (value: ProxyFacts[T]) => boolean,
    allowed: string,
): Finding {
    if (facts === undefined) {
        return waits(source, `${fact} is not known before the update; allowed: ${allowed}`);
    }
    return isRight(facts[fact])
        ? pass(source, `${fact} is ${shown(facts[fact])}`)
        : fail(source, `${fact}: found ${shown(facts[fact])}, allowed: ${allowed}`);
}

/** {@link expectFact} for a number in a range. */
export const expectFactBetween = (proxy: Proxy, fact: NumericFact, least: number, most: number): Finding =>
    expectFact(proxy, fact, (value) => value !== undefined && value >= least && value <= most, `${least} to ${most}`);

type NumericFact = {
    [fact in keyof ProxyFacts]: ProxyFacts[fact] extends number | undefined ? fact : never;
}[keyof ProxyFacts];
