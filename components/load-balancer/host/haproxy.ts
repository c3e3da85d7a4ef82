import { healthCheck, ports, securityHeaders, stickyCookie, timeouts } from "../../reference";
import { LoadBalancerMode } from "../contract";
import {
    type BalancerHost,
    balancerHealthPath,
    certificatePath,
    CHECK_SECONDS,
    CIPHERS,
    FAST_INTERVAL_SECONDS,
    HARD_STOP_SECONDS,
    KEEP_ALIVE_SECONDS,
    REQUEST_SECONDS,
} from "./balancer";

/** Socket by which servers are drained. */
export const adminSocket = "/run/haproxy/admin.sock";

/** Connections in a row that a server does not take before it is out. */
const ERROR_LIMIT = 10;
/** Tries of a request after the first: more than it takes to find that a server is out. */
const RETRIES = 10;
/** Seconds that what was sent to a server may stay unacknowledged. */
const UNACKNOWLEDGED_SECONDS = 3;

const BACKEND = "minusnow_app_servers";

/** Addresses whose rate is counted at the same time; HAProxy keeps about 100 bytes for each. */
const ADDRESSES = "1m";

/**
 * The guide's HAProxy configuration (step 1, option A), and what it leaves out: a request that meets a dying server goes to
 * another one, unless that could repeat a write.
 */
export function renderHaproxy(host: BalancerHost): string {
    return [globalSection, defaultsSection, frontend(host), backend(host), rates, statistics].join("\n");
}

const globalSection = `global
    log /dev/log local0
    chroot /var/lib/haproxy
    stats socket ${adminSocket} mode 660 level admin expose-fd listeners
    user haproxy
    group haproxy
    # Longer than any answer may take: a worker that was reloaded does not stay for ever.
    hard-stop-after ${HARD_STOP_SECONDS}s
    ssl-default-bind-ciphers ${CIPHERS}
    ssl-default-bind-options ssl-min-ver TLSv1.2 no-tls-tickets
`;

const defaultsSection = `defaults
    log global
    mode http
    option httplog
    option dontlognull
    # A reload ends idle connections with the answer to their next request, not before it.
    option idle-close-on-response
    # Each try goes to another server: one that does not answer costs a connect timeout, not four.
    option redispatch 1
    # While the one active server dies, until it is out and the backup takes over: a second between tries it refuses.
    retries ${RETRIES}
    retry-on conn-failure empty-response response-timeout
    timeout connect ${timeouts.connectSeconds}s
    timeout client ${timeouts.clientSeconds}s
    timeout server ${timeouts.serverSeconds}s
    timeout http-request ${REQUEST_SECONDS}s
    timeout http-keep-alive ${KEEP_ALIVE_SECONDS}s
`;

function frontend({ rateLimitPerMinute }: BalancerHost): string {
    const { strictTransportSecurity, contentTypeOptions, frameOptions } = securityHeaders;
    return `frontend https_front
    bind *:${ports.https} ssl crt ${certificatePath} alpn h2,http/1.1
    bind *:${ports.http}
    monitor-uri ${balancerHealthPath}
    http-request track-sc0 src table rates
    http-request deny deny_status 429 if { sc_http_req_rate(0) gt ${rateLimitPerMinute} }
    http-request redirect scheme https code 301 unless { ssl_fc }
    # Only what may be asked twice is asked again.
    http-request disable-l7-retry unless METH_GET or { method OPTIONS }
    http-request set-header X-Forwarded-Proto https
    option forwardfor
    # Also on answers of HAProxy itself.
    http-after-response set-header Strict-Transport-Security "${strictTransportSecurity}"
    http-after-response set-header X-Content-Type-Options "${contentTypeOptions}"
    http-after-response set-header X-Frame-Options "${frameOptions}"
    http-after-response del-header Server
    default_backend ${BACKEND}
`;
}

function backend({ hostname, members, mode }: BalancerHost): string {
    const { path, expectedStatus, intervalSeconds, fall, rise } = healthCheck;
    const leaving = members.map(
        ({ name }) =>
            `    ignore-persist if { req.cook(${stickyCookie}) ${name} } { srv_weight(${BACKEND}/${name}) 0 }\n`,
    );
    const servers = members.map(({ name, address }, place) => {
        const isBackup = mode === LoadBalancerMode.ActivePassive && place > 0;
        return `    server ${name} ${address}:${ports.app} cookie ${name}${isBackup ? " backup" : ""}\n`;
    });
    return `backend ${BACKEND}
    balance roundrobin
    # When a server dies so do all its idle connections: a request would use up its tries on them.
    http-reuse never
    option httpchk
    http-check send meth GET uri ${path} ver HTTP/1.1 hdr Host ${hostname}
    http-check expect status ${expectedStatus}
    timeout check ${CHECK_SECONDS}s
    cookie ${stickyCookie} insert indirect nocache httponly secure
    # A server whose weight was set to 0 loses its sessions too; what it has begun, it ends.
${leaving.join("")}    # A machine that is gone is given up after ${UNACKNOWLEDGED_SECONDS} s, and what it was asked goes to another one; so does what a server
    # that hangs was asked. One that takes no connections is out without waiting for its checks.
    default-server check inter ${intervalSeconds}s fastinter ${FAST_INTERVAL_SECONDS}s fall ${fall} rise ${rise} weight 100 tcp-ut ${UNACKNOWLEDGED_SECONDS}s observe layer4 error-limit ${ERROR_LIMIT} on-error mark-down
${servers.join("")}`;
}

const rates = `backend rates
    stick-table type ipv6 size ${ADDRESSES} expire 1m store http_req_rate(1m)
`;

const statistics = `listen stats
    bind 127.0.0.1:8404
    stats enable
    stats uri /stats
    stats refresh 10s
`;
