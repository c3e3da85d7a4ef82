import { ports } from "../../../components/reference";
import { notIssued } from "../../../components/load-balancer/contract";
import { machineJobs } from "../../model/machine-jobs";
import { expectFact, type Proxy, valueOf } from "../../model/proxies";
import { isDay } from "../../model/readiness";
import { services } from "../../model/service";
import { expectEqual, expectValue, fail, type Finding, type ItemRules, pass, shown, waits } from "../../rule";
import { aws, azure } from "../../types";
import { type Resource, type Stack, UNKNOWN } from "../../stack";

const isAws = (balancer: Resource) => balancer.type === aws.loadBalancer;

/** Longest between two looks at whether a certificate needs renewal, as Let's Encrypt asks for. */
const LONGEST_HOURS = 24;

/** ALB policies that allow TLS 1.2 and newer only. */
const RECENT_AWS_POLICY = /^ELBSecurityPolicy-(TLS13-1-[23]|FS-1-2|TLS-1-2)/;
const RECENT_AZURE_POLICIES = ["AppGwSslPolicy20170401S", "AppGwSslPolicy20220101", "AppGwSslPolicy20220101S"];

function secure(listeners: Resource[]): Resource[] {
    return listeners.filter((listener) => ["HTTPS", "TLS"].includes(String(listener.get("protocol"))));
}

function installed(stack: Stack): Finding[] {
    return services(stack).flatMap(({ balancer, listeners, proxy }) => {
        if (proxy) {
            const opened = isAws(balancer)
                ? listeners.map((listener) => listener.get("port"))
                : balancer.objects("loadBalancingRules").map(({ frontendPort }) => frontendPort);
            return opened.includes(ports.https)
                ? [taken(stack, proxy), ...broughtAlong(stack)]
                : [fail(balancer, `no listener on port ${ports.https}`)];
        }
        if (!isAws(balancer)) {
            return installedOnGateway(stack, balancer);
        }
        const https = secure(listeners).filter((listener) => listener.get("port") === ports.https);
        return https.length === 0
            ? [fail(balancer, `no HTTPS listener on port ${ports.https}`)]
            : https.map((listener) => issued(stack, listener));
    });
}

/** Machines take a certificate with its key from ACM, which must have been issued for that, or from a secret. */
function taken(stack: Stack, { certificate: source }: Proxy): Finding {
    if (source.type === azure.secret) {
        return source.text(valueOf(source)) === undefined
            ? waits(source, "which certificate it names is not known before the update")
            : expectValue(
                  source,
                  valueOf(source),
                  (value) => /"\/subscriptions\/[^"]+\/vaults\/[^"/]+\/secrets\/[^"/]+"/i.test(String(value)),
                  "the id of a secret that holds a certificate",
              );
    }
    const validation = stack.referred(source, "value", stack.of(aws.certificateValidation));
    const certificate =
        stack.referred(source, "value", stack.of(aws.certificate)) ??
        (validation && stack.referred(validation, "certificateArn", stack.of(aws.certificate)));
    return certificate
        ? expectEqual(certificate, "options.export", "ENABLED")
        : expectValue(
              source,
              "value",
              (value) => /"arn:[\w-]+:(acm|secretsmanager):/.test(String(value)),
              "the ARN of an exportable certificate, or of a secret that holds one",
          );
}

/** A certificate of this stack must be waited for until it is issued; one from outside is the caller's. */
function issued(stack: Stack, listener: Resource): Finding {
    const value = listener.get("certificateArn");
    if (value === undefined || value === null || value === "") {
        return fail(listener, "certificateArn: found nothing, allowed: an issued certificate");
    }
    const validation = stack.referred(listener, "certificateArn", stack.of(aws.certificateValidation));
    const certificate = stack.referred(listener, "certificateArn", stack.of(aws.certificate));
    const validated = stack
        .of(aws.certificateValidation)
        .find((other) => certificate && other.refersTo("certificateArn", certificate) === true);
    if (validation ?? validated) {
        return pass(listener, `certificate of ${(validation ?? validated)!.name}, issued by DNS validation`);
    }
    if (certificate?.keys.includes("privateKey")) {
        return pass(listener, `the imported certificate ${certificate.name}`);
    }
    if (certificate) {
        return fail(listener, `the certificate ${certificate.name} is used before it is validated`);
    }
    return value === UNKNOWN
        ? waits(listener, "its certificate is not known before the update")
        : /^arn:[\w-]+:(acm|iam):/.test(shown(value))
          ? pass(listener, "a certificate from outside this stack")
          : fail(listener, `certificateArn: found ${shown(value)}, allowed: the ARN of a certificate`);
}

/** What a certificate of this stack says of itself once it is issued. */
function current(stack: Stack): Finding[] {
    return stack.of(aws.certificate).flatMap((certificate) => {
        const [status, notAfter] = [certificate.text("status"), certificate.text("notAfter")?.slice(0, 10)];
        return [
            ...(["EXPIRED", "REVOKED", "FAILED", "VALIDATION_TIMED_OUT"].includes(status ?? "")
                ? [fail(certificate, `status: found ${status}, allowed: ISSUED`)]
                : []),
            ...(notAfter && isDay(notAfter) && notAfter < stack.today
                ? [fail(certificate, `it expired on ${notAfter}`)]
                : []),
        ];
    });
}

function installedOnGateway(stack: Stack, gateway: Resource): Finding[] {
    const listeners = gateway.list("httpListeners") as Record<string, unknown>[];
    const https = listeners.filter(({ protocol }) => String(protocol).toLowerCase() === "https");
    if (https.length === 0) {
        return [fail(gateway, "no HTTPS listener")];
    }
    const certificates = gateway.list("sslCertificates") as Record<string, unknown>[];
    return certificates.length === 0
        ? [fail(gateway, "no certificate")]
        : [
              pass(gateway, `certificate ${certificates.map(({ name }) => String(name)).join(", ")}`),
              ...broughtAlong(stack),
          ];
}

/** Certificates that are secrets of this stack. */
function broughtAlong(stack: Stack): Finding[] {
    return stack
        .of(azure.secret)
        .filter((secret) => secret.get("properties.contentType") === "application/x-pkcs12")
        .map((secret) => unexpired(stack, secret));
}

/** One that is not there yet must be issued by a machine of this stack, and be looked at before it ends. */
function unexpired(stack: Stack, secret: Resource): Finding {
    if (secret.text("properties.value") === notIssued) {
        const job = machineJobs(stack).find(
            ({ unit, holder }) => unit.endsWith("issue-certificate") && holder.refersTo("parameters", secret) === true,
        );
        return job === undefined
            ? fail(secret, "nothing has a certificate issued; allowed: a job that does, or a certificate")
            : job.everyHours !== undefined && job.everyHours <= LONGEST_HOURS
              ? pass(job.holder, `Let's Encrypt issues it; looked at every ${job.everyHours} h`)
              : fail(
                    job.holder,
                    `its renewal is looked at too rarely; allowed: every ${LONGEST_HOURS} h or more often`,
                );
    }
    const expires = secret.number("properties.attributes.expires");
    if (expires === undefined) {
        return waits(secret, "the certificate's last day is not known before the update");
    }
    const lastDay = new Date(expires * 1000).toISOString().slice(0, 10);
    return lastDay > stack.today ? pass(secret, `valid until ${lastDay}`) : fail(secret, `expired on ${lastDay}`);
}

function recentTls(stack: Stack): Finding[] {
    return services(stack).flatMap(({ balancer, listeners, proxy }) =>
        proxy
            ? [
                  expectFact(
                      proxy,
                      "tls",
                      (value) => value.length > 0 && value.every((version) => ["1.2", "1.3"].includes(version)),
                      "TLS 1.2 and newer",
                  ),
              ]
            : isAws(balancer)
              ? secure(listeners).map((listener) =>
                    expectValue(
                        listener,
                        "sslPolicy",
                        (value) => RECENT_AWS_POLICY.test(String(value)),
                        "a policy for TLS 1.2 and newer, such as ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09",
                    ),
                )
              : [
                    expectValue(
                        balancer,
                        "sslPolicy",
                        (value) => isRecentAzurePolicy(value as Record<string, unknown> | undefined),
                        "TLS 1.2 and newer, such as AppGwSslPolicy20220101S",
                    ),
                ],
    );
}

function isRecentAzurePolicy(policy: Record<string, unknown> | undefined): boolean {
    const { policyName, minProtocolVersion } = policy ?? {};
    return (
        RECENT_AZURE_POLICIES.includes(String(policyName)) ||
        ["TLSv1_2", "TLSv1_3"].includes(String(minProtocolVersion))
    );
}

function redirected(stack: Stack): Finding[] {
    return services(stack).flatMap(({ balancer, listeners, listenerRules, proxy }) => {
        if (proxy) {
            return [expectFact(proxy, "redirectStatus", (value) => value === 301, "301")];
        }
        if (!isAws(balancer)) {
            const redirects = balancer.list("redirectConfigurations") as Record<string, unknown>[];
            return redirects.some(({ redirectType }) => redirectType === "Permanent")
                ? [pass(balancer, "HTTP is redirected for good")]
                : [fail(balancer, "HTTP is not redirected to HTTPS for good")];
        }
        const clear = listeners.filter((listener) => listener.get("protocol") === "HTTP");
        const forwarding = listenerRules.filter(
            (rule) =>
                clear.some((listener) => rule.refersTo("listenerArn", listener) === true) &&
                rule.objects("actions").some(({ type }) => type === "forward"),
        );
        return [
            ...forwarding.map((rule) =>
                fail(rule, "it sends requests in clear to servers; allowed: a redirect to HTTPS"),
            ),
            ...clear.flatMap((listener) => [
                expectEqual(listener, "defaultActions[0].type", "redirect"),
                expectEqual(listener, "defaultActions[0].redirect.protocol", "HTTPS"),
                expectEqual(listener, "defaultActions[0].redirect.statusCode", "HTTP_301"),
            ]),
        ];
    });
}

/** SSL certificates installed and valid. */
export const certificates: ItemRules = {
    item: "certificates",
    rules: [
        {
            id: "certificates-installed",
            title: "The balancer answers on 443 with an issued certificate",
            severity: "critical",
            risk: "Users get a warning instead of the service, or send passwords in clear.",
            fix: "Give the listener a certificate that is issued and not expired.",
            step: "Step 1",
            controls: ["Security Hub ELB.18", "Security Hub ACM.1", "AWS Well-Architected SEC09-BP01", "MCSB DP-7"],
            check: (stack) => [...installed(stack), ...current(stack)],
        },
        {
            id: "certificates-tls",
            title: "Only TLS 1.2 and newer",
            severity: "high",
            risk: "Old protocols can be broken by someone on the network.",
            fix: "Choose a policy for TLS 1.2 and newer.",
            step: "Step 1",
            controls: ["Security Hub ELB.17", "AWS Well-Architected SEC09-BP02", "MCSB DP-3"],
            check: recentTls,
        },
        {
            id: "certificates-redirect",
            title: "HTTP is redirected to HTTPS by 301",
            severity: "high",
            risk: "A user who types the name without https stays in clear.",
            fix: "Redirect port 80 to HTTPS with status 301.",
            step: "Step 1",
            controls: ["Security Hub ELB.1", "AWS Well-Architected SEC09-BP02", "MCSB DP-3"],
            check: redirected,
        },
    ],
};
