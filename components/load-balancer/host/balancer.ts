import type { LoadBalancerMode } from "../contract";

/** An application server behind the balancer. */
export interface Member {
    /** Name for the sticky cookie and for statistics, for example `app1`. */
    name: string;
    /** Private address. */
    address: string;
}

/** What HAProxy or Nginx is to know. */
export interface BalancerHost {
    /** Host name that users open. */
    hostname: string;
    members: Member[];
    mode: LoadBalancerMode;
    /** Requests a minute of one address, above which it gets 429. */
    rateLimitPerMinute: number;
    /** User of Nginx's workers: that of the system's package. */
    workerUser: string;
}

/** Certificate with its chain and key, in this order, as HAProxy wants them; Nginx reads both from it. */
export const certificatePath = "/etc/ssl/private/minusnow.pem";

/** What the layer-4 balancer in front asks on port 80: the program itself answers, whatever the servers do. */
export const balancerHealthPath = "/balancer-health";

/**
 * Seconds that a check may take, and until the next one while a server's state is about to change: with the guide's
 * `inter 5s fall 3`, a server that hangs is out within 5 + (2 + 1) + (2 + 1) + 2 = 13 seconds.
 */
export const CHECK_SECONDS = 2;
export const FAST_INTERVAL_SECONDS = 1;

/** Seconds that a process which was told to go may still answer what it was asked. */
export const HARD_STOP_SECONDS = 60;

/** Seconds a user may take to send the head of a request. */
export const REQUEST_SECONDS = 10;
/** Seconds a connection may wait for its next request. */
export const KEEP_ALIVE_SECONDS = 10;
/** Ciphers of TLS 1.2 (guide, step 1). */
export const CIPHERS = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256";
