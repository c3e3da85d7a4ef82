import { healthCheck, ports, securityHeaders, stickyCookie, timeouts } from "../../reference";
import { LoadBalancerMode } from "../contract";
import {
    type BalancerHost,
    balancerHealthPath,
    certificatePath,
    CIPHERS,
    HARD_STOP_SECONDS,
    KEEP_ALIVE_SECONDS,
    type Member,
    REQUEST_SECONDS,
} from "./balancer";

const { intervalSeconds, fall } = healthCheck;

/** Connections of users and to servers that each worker may have open. */
const CONNECTIONS = 16_384;
/** A connection of a user and one to a server are a file each. */
export const NGINX_OPEN_FILES = 2 * CONNECTIONS;

/** Idle connections to application servers that each worker keeps (guide, step 1). */
const KEPT_CONNECTIONS = 32;
/** Node.js closes an idle connection after 5 s: a write that meets that could not be asked again. */
const KEPT_SECONDS = 4;

/**
 * The guide's Nginx configuration (step 1, option B), and what it leaves out: sessions stay at their server by a cookie, and
 * a request that meets a dying server goes to another one, unless that could repeat a write. Open-source Nginx asks no
 * server for its health: `health.mjs` does so beside it.
 */
export function renderNginx(host: BalancerHost): string {
    return `user ${host.workerUser};
worker_processes auto;
worker_shutdown_timeout ${HARD_STOP_SECONDS}s;
worker_rlimit_nofile ${NGINX_OPEN_FILES};
pid /run/nginx.pid;
error_log /var/log/nginx/error.log;
events {
    worker_connections ${CONNECTIONS};
}
http {
${[logging, upstreams(host), stickiness(host), serving(host)].join("\n")}}
`;
}

const logging = `default_type application/octet-stream;
access_log /var/log/nginx/access.log combined;
`;

/** All servers, and for each of them a group that prefers it: where its sessions go. */
function upstreams({ members, mode }: BalancerHost): string {
    const all = upstream("minusnow", members, mode === LoadBalancerMode.ActivePassive ? members.slice(1) : []);
    const own = members.map((preferred) =>
        upstream(
            preferred.name,
            members,
            members.filter((member) => member !== preferred),
        ),
    );
    return [all, ...own].join("\n");
}

function upstream(name: string, members: Member[], backups: Member[]): string {
    const out = `max_fails=${fall} fail_timeout=${fall * intervalSeconds}s`;
    const servers = members.map((member) => {
        const backup = backups.includes(member) ? " backup" : "";
        return `    server ${member.address}:${ports.app} weight=5 ${out}${backup};\n`;
    });
    return `upstream ${name} {\n    least_conn;\n${servers.join("")}    keepalive ${KEPT_CONNECTIONS};\n    keepalive_timeout ${KEPT_SECONDS}s;\n}\n`;
}

/** The last of the addresses that were asked is the one that answered. */
function stickiness({ members }: BalancerHost): string {
    const names = members.map(({ name }) => `    ${name} ${name};\n`).join("");
    const answered = members.map(
        ({ name, address }) => `    "~${address.replaceAll(".", "\\.")}:${ports.app}$" ${name};\n`,
    );
    const kept = members.map(({ name }) => `    ${name}:${name} "";\n`).join("");
    return `map $cookie_${stickyCookie} $chosen {
    default minusnow;
${names}}
map $upstream_addr $answered {
    default "";
${answered.join("")}}
map $cookie_${stickyCookie}:$answered $new_cookie {
    default "${stickyCookie}=$answered; Path=/; HttpOnly; Secure";
    "~:$" "";
${kept}}
map $http_upgrade $connection_upgrade {
    default upgrade;
    "" "";
}
`;
}

function serving({ hostname, rateLimitPerMinute }: BalancerHost): string {
    const { strictTransportSecurity, contentTypeOptions, frameOptions } = securityHeaders;
    const headers = `    add_header Strict-Transport-Security "${strictTransportSecurity}" always;
    add_header X-Content-Type-Options "${contentTypeOptions}" always;
    add_header X-Frame-Options "${frameOptions}" always;
`;
    return `limit_req_zone $binary_remote_addr zone=rates:16m rate=${rateLimitPerMinute}r/m;
server_tokens off;
client_header_timeout ${REQUEST_SECONDS}s;
client_body_timeout ${timeouts.clientSeconds}s;
send_timeout ${timeouts.clientSeconds}s;
keepalive_timeout ${KEEP_ALIVE_SECONDS}s;

server {
    listen ${ports.http};
    server_name ${hostname};
${headers}
    location = ${balancerHealthPath} {
        access_log off;
        default_type text/plain;
        return 200 "OK\n";
    }
    location / {
        return 301 https://$server_name$request_uri;
    }
}

server {
    listen ${ports.https} ssl http2;
    server_name ${hostname};
    ssl_certificate ${certificatePath};
    ssl_certificate_key ${certificatePath};
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_ciphers ${CIPHERS};
    ssl_session_tickets off;
    client_max_body_size 0;
${headers}    add_header Set-Cookie $new_cookie always;
    # A whole minute's requests may come at once.
    limit_req zone=rates burst=${rateLimitPerMinute} nodelay;
    limit_req_status 429;

    location / {
        proxy_pass http://$chosen;
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $connection_upgrade;
        proxy_set_header Host $host;
        proxy_set_header X-Real-IP $remote_addr;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_hide_header Server;
        proxy_connect_timeout ${timeouts.connectSeconds}s;
        proxy_send_timeout ${timeouts.serverSeconds}s;
        proxy_read_timeout ${timeouts.serverSeconds}s;
        # Without non_idempotent, a write that was sent is never sent again.
        proxy_next_upstream error timeout http_502 http_503 http_504;
        proxy_next_upstream_tries 3;
    }
}
`;
}
