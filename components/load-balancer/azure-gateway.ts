import * as pulumi from "@pulumi/pulumi";
import { healthCheck, ports, securityHeaders, stickyCookie, timeouts } from "../reference";

/**
 * An Application Gateway names its own parts by their full ids, which are made from its own. This module is the gateway's
 * inside: what listens, where requests go and how servers are asked for their health.
 */
export interface GatewayParts {
    /** Id of the gateway itself. */
    gatewayId: pulumi.Output<string>;
    addressId: pulumi.Input<string>;
    subnetId: pulumi.Input<string>;
    /** Address of the certificate in a key vault, without a version. */
    certificateUri: pulumi.Input<string>;
    hostname: pulumi.Input<string>;
    /** Private addresses of the application servers. */
    memberAddresses: pulumi.Input<string>[];
}

/** TLS 1.3 and 1.2 with forward secrecy only. */
const TLS_POLICY = "AppGwSslPolicy20220101S";

const names = {
    subnet: "edge",
    address: "public",
    http: "http",
    https: "https",
    certificate: "minusnow",
    pool: "app-servers",
    settings: "app",
    probe: "health",
    redirect: "to-https",
    headers: "security-headers",
} as const;

/** Everything inside the gateway. */
export function gatewayParts(parts: GatewayParts) {
    const part = (collection: string, name: string) => ({
        id: pulumi.interpolate`${parts.gatewayId}/${collection}/${name}`,
    });
    return {
        gatewayIPConfigurations: [{ name: names.subnet, subnet: { id: parts.subnetId } }],
        frontendIPConfigurations: [{ name: names.address, publicIPAddress: { id: parts.addressId } }],
        frontendPorts: [
            { name: names.http, port: ports.http },
            { name: names.https, port: ports.https },
        ],
        sslPolicy: { policyType: "Predefined", policyName: TLS_POLICY },
        sslCertificates: [{ name: names.certificate, keyVaultSecretId: parts.certificateUri }],
        backendAddressPools: [
            {
                name: names.pool,
                backendAddresses: parts.memberAddresses.map((ipAddress) => ({ ipAddress })),
            },
        ],
        probes: [healthProbe(parts.hostname)],
        backendHttpSettingsCollection: [backend(part("probes", names.probe))],
        httpListeners: [
            {
                name: names.http,
                protocol: "Http",
                frontendIPConfiguration: part("frontendIPConfigurations", names.address),
                frontendPort: part("frontendPorts", names.http),
            },
            {
                name: names.https,
                protocol: "Https",
                frontendIPConfiguration: part("frontendIPConfigurations", names.address),
                frontendPort: part("frontendPorts", names.https),
                sslCertificate: part("sslCertificates", names.certificate),
            },
        ],
        redirectConfigurations: [
            {
                name: names.redirect,
                redirectType: "Permanent",
                targetListener: part("httpListeners", names.https),
                includePath: true,
                includeQueryString: true,
            },
        ],
        rewriteRuleSets: [headerRules],
        requestRoutingRules: [
            {
                name: names.http,
                ruleType: "Basic",
                priority: 10,
                httpListener: part("httpListeners", names.http),
                redirectConfiguration: part("redirectConfigurations", names.redirect),
            },
            {
                name: names.https,
                ruleType: "Basic",
                priority: 20,
                httpListener: part("httpListeners", names.https),
                backendAddressPool: part("backendAddressPools", names.pool),
                backendHttpSettings: part("backendHttpSettingsCollection", names.settings),
                rewriteRuleSet: part("rewriteRuleSets", names.headers),
            },
        ],
    };
}

/** A gateway takes a server back after one good answer: it has no number for `rise`. */
function healthProbe(host: pulumi.Input<string>) {
    return {
        name: names.probe,
        protocol: "Http",
        host,
        port: ports.app,
        path: healthCheck.path,
        interval: healthCheck.intervalSeconds,
        timeout: healthCheck.timeoutSeconds,
        unhealthyThreshold: healthCheck.fall,
        match: { statusCodes: [String(healthCheck.expectedStatus)] },
    };
}

function backend(probe: { id: pulumi.Output<string> }) {
    return {
        name: names.settings,
        protocol: "Http",
        port: ports.app,
        requestTimeout: timeouts.serverSeconds,
        cookieBasedAffinity: "Enabled",
        affinityCookieName: stickyCookie,
        connectionDraining: { enabled: true, drainTimeoutInSec: timeouts.serverSeconds },
        probe,
    };
}

const headerRules = {
    name: names.headers,
    rewriteRules: [
        {
            name: names.headers,
            ruleSequence: 100,
            actionSet: {
                responseHeaderConfigurations: [
                    { headerName: "Strict-Transport-Security", headerValue: securityHeaders.strictTransportSecurity },
                    { headerName: "X-Content-Type-Options", headerValue: securityHeaders.contentTypeOptions },
                    { headerName: "X-Frame-Options", headerValue: securityHeaders.frameOptions },
                    // Nothing tells which server answers.
                    { headerName: "Server", headerValue: "" },
                ],
            },
        },
    ],
};
