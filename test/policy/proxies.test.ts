import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Resource } from "../../plan/engine/resource";
import { plan } from "../../plan/plan";
import { lookup, type PlannedStack } from "../support/plans";
import { startPack, type TestPack } from "../support/policies";
import { shipped } from "../support/projects";
import { changed, type Mutation, removeEach, setEach, shortType, textOf } from "./change";
import { survivorsOf } from "./planted";

const kinds = ["haproxy", "nginx"] as const;
type Kind = (typeof kinds)[number];

async function planned(kind: Kind, unknowns: boolean): Promise<PlannedStack> {
    const directory = shipped((text) => `${text}  minusnow:loadBalancer:\n    kind: ${kind}\n`);
    return lookup(await plan({ directory, stack: "aws-prod", unknowns }));
}

/** One edit of the configuration's text, and the rule that must notice. */
type Edit = [find: RegExp | string, replacement: string, by: string];

const edits: { [kind in Kind]: Edit[] } = {
    haproxy: [
        ["uri /health ", "uri /favicon.ico ", "load-balancer-health-check"],
        ["option httpchk", "option tcp-check", "load-balancer-health-check"],
        ["expect status 200", "expect status 404", "load-balancer-health-check"],
        ["inter 5s", "inter 60s", "load-balancer-health-check"],
        ["fall 3", "fall 30", "load-balancer-health-check"],
        ["rise 2", "rise 20", "load-balancer-health-check"],
        [/^ *default-server/m, "    # default-server", "load-balancer-health-check"],
        [/^ *cookie SERVERID.*$/m, "", "load-balancer-sessions"],
        [/:5000/g, ":8080", "load-balancer-sessions"],
        ["timeout client 50s", "timeout client 1500s", "load-balancer-timeout"],
        ["option httplog", "", "load-balancer-protection"],
        [/^ *log \/dev\/log local0$/m, "", "load-balancer-protection"],
        ["ssl-min-ver TLSv1.2", "ssl-min-ver TLSv1.0", "certificates-tls"],
        [" ssl-min-ver TLSv1.2", "", "certificates-tls"],
        ["*:443 ssl crt", "*:443 crt", "certificates-tls"],
        ["code 301", "code 302", "certificates-redirect"],
        [/^ *http-request redirect.*$/m, "", "certificates-redirect"],
        [
            'Strict-Transport-Security "max-age=31536000',
            'Strict-Transport-Security "max-age=60',
            "security-headers-set",
        ],
        [/^ *http-after-response set-header X-Frame-Options.*$/m, "", "security-headers-set"],
        ['"nosniff"', '"sniff"', "security-headers-set"],
        ["gt 2000", "gt 2000000", "rate-limiting-by-address"],
        ["deny_status 429", "deny_status 403", "rate-limiting-by-address"],
        ["track-sc0 src", "track-sc0 hdr(x-forwarded-for)", "rate-limiting-by-address"],
        ["http_req_rate(1m)", "http_req_rate(1s)", "rate-limiting-by-address"],
    ],
    nginx: [
        [/SERVERID=\$answered/g, "OTHER=$answered", "load-balancer-sessions"],
        [/:5000/g, ":8080", "load-balancer-sessions"],
        ["keepalive_timeout 10s", "keepalive_timeout 1500s", "load-balancer-timeout"],
        [/^access_log .*$/m, "access_log off;", "load-balancer-protection"],
        ["ssl_protocols TLSv1.2 TLSv1.3", "ssl_protocols TLSv1.1 TLSv1.2", "certificates-tls"],
        [/^ *ssl_protocols.*$/m, "", "certificates-tls"],
        ["return 301", "return 302", "certificates-redirect"],
        [/add_header X-Frame-Options/g, "# add_header X-Frame-Options", "security-headers-set"],
        [/"nosniff"/g, '"sniff"', "security-headers-set"],
        ["rate=2000r/m", "rate=2000000r/m", "rate-limiting-by-address"],
        ["limit_req_status 429", "limit_req_status 503", "rate-limiting-by-address"],
        [/^ *limit_req zone.*$/m, "", "rate-limiting-by-address"],
        ["$binary_remote_addr", "$http_x_forwarded_for", "rate-limiting-by-address"],
    ],
};

/** Defects outside of the configuration's text. */
function around(all: Resource[], kind: Kind): Mutation[] {
    const balancers = (resource: Resource) => /-lb-lb\d$/.test(resource.name);
    const subnetOf = (nameEnd: string) =>
        textOf(
            all.find(({ name, type }) => name.endsWith(nameEnd) && type.includes("instance:Instance"))!,
            "subnetId",
        );
    const boot = (find: string, replacement: string, by: string) =>
        setEach(
            all,
            "ec2.Instance",
            "userData",
            (resource) => textOf(resource, "userData").replaceAll(find, replacement),
            [by],
            balancers,
        );
    return [
        ...setEach(all, "acm.Certificate", "options", undefined, ["certificates-installed"]),
        ...setEach(all, "ssm.Parameter", "value", '{"id":"none"}', ["certificates-installed"], ({ name }) =>
            name.endsWith("-certificate"),
        ),
        ...setEach(all, "ec2.Instance", "rootBlockDevice.encrypted", false, ["app-servers-encrypted"], balancers),
        ...setEach(all, "ec2.Instance", "associatePublicIpAddress", true, ["app-servers-private"], balancers),
        ...setEach(all, "ec2.Instance", "subnetId", subnetOf("-lb-lb1"), ["load-balancer-zones"], ({ name }) =>
            name.endsWith("-lb-lb2"),
        ),
        ...removeEach(all, "ec2.Instance", ["load-balancer-zones"], balancers),
        ...removeEach(all, "lb.Listener", ["certificates-installed"], ({ name }) => name.endsWith("-https")),
        ...setEach(all, "lb.LoadBalancer", "enableDeletionProtection", false, ["load-balancer-protection"]),
        ...setEach(all, "lb.TargetGroup", "healthCheck.interval", 300, ["load-balancer-health-check"]),
        ...setEach(all, "lb.TargetGroup", "deregistrationDelay", 3600, ["load-balancer-sessions"]),
        ...removeEach(all, "ssm.Parameter", ["load-balancer-health-check", "certificates-installed"], ({ name }) =>
            name.endsWith("-configuration"),
        ),
        ...setEach(all, "ec2.Instance", "privateIp", "10.0.1.99", ["app-servers-two-zones"], ({ name }) =>
            name.endsWith("-app1"),
        ),
        ...removeEach(all, "cloudwatch.MetricAlarm", ["alerting-thresholds"], ({ name }) =>
            /-(response-time|error-rate)-service-/.test(name),
        ),
    ].concat(
        kind === "nginx"
            ? ["HEALTH_PATH=/health", "HEALTH_INTERVAL=5", "HEALTH_FALL=3", "HEALTH_RISE=2"]
                  .map((variable) => boot(variable, `${variable}00`, "load-balancer-health-check"))
                  .concat([boot("minusnow-health.service", "minusnow-idle.service", "load-balancer-health-check")])
                  // Both balancers are as their first is read.
                  .map(([first, second]) => ({
                      ...first!,
                      change: (resources) => second!.change(first!.change(resources)),
                  }))
            : [],
    );
}

function inText(all: Resource[], [find, replacement, by]: Edit): Mutation {
    const source = all.find(
        (resource) => shortType(resource) === "ssm.Parameter" && resource.name.endsWith("-configuration"),
    )!;
    const { text, ...rest } = JSON.parse(textOf(source, "value")) as { text: string };
    const edited = text.replace(find, replacement);
    if (edited === text) {
        throw new Error(`${String(find)} is not in the configuration`);
    }
    return {
        name: `${String(find)} becomes ${replacement}`,
        by: [by],
        change: (resources) =>
            resources.map((resource) =>
                resource.urn === source.urn
                    ? changed(resource, "value", JSON.stringify({ ...rest, text: edited }))
                    : resource,
            ),
    };
}

describe.each(kinds)("a stack with kind %s", (kind) => {
    let pack: TestPack;
    let compliant: PlannedStack;
    beforeAll(async () => {
        pack = await startPack();
        compliant = await planned(kind, false);
    });
    afterAll(() => pack.stop());

    it.each([false, true])(
        "meets every item but the one that it cannot, and says so (unknown values: %s)",
        async (unknowns) => {
            const at = unknowns ? await planned(kind, true) : compliant;
            expect(at.plan.refusals).toEqual([]);
            const { statuses, broken, violations } = await pack.judge(at.plan.resources);
            expect(Object.entries(statuses).filter(([, status]) => status !== "pass")).toEqual([["waf", "fail"]]);
            expect(broken).toEqual(["waf-attached"]);
            expect(violations.find(({ policy }) => policy === "waf-attached")!.message).toContain(
                `before ${kind}, which has none`,
            );
        },
    );

    it("has every defect caught by the rule that is there for it", async () => {
        const all = compliant.plan.resources;
        const mutations = [...edits[kind].map((edit) => inText(all, edit)), ...around(all, kind)];
        const suite = `Planted defects caught with kind ${kind}`;
        expect(await survivorsOf(suite, [pack], all, mutations)).toEqual([]);
    }, 300_000);
});
