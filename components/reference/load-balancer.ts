/** Health check of an application server (guide, steps 1 and 8: `inter 5s fall 3 rise 2`, GET /health expects 200). */
export const healthCheck = {
    path: "/health",
    expectedStatus: 200,
    /** Seconds between checks. */
    intervalSeconds: 5,
    /** Seconds a check may take; below the interval, as every balancer demands. */
    timeoutSeconds: 4,
    /** Failed checks before a server is out. */
    fall: 3,
    /** Good checks before it is back. */
    rise: 2,
} as const;

/** Health endpoints of the application (guide, "Monitoring & Health Checks"). */
export const healthEndpoints = {
    basic: "/health",
    detailed: "/api/telemetry/health",
    overview: "/api/telemetry/overview",
} as const;

/** Security headers on every answer (guide, step 1). */
export const securityHeaders = {
    strictTransportSecurity: "max-age=31536000; includeSubDomains",
    contentTypeOptions: "nosniff",
    frameOptions: "SAMEORIGIN",
} as const;

/** Timeouts in seconds (guide, step 1: `timeout connect 5000`, `client 50000`, `server 50000`). */
export const timeouts = { connectSeconds: 5, clientSeconds: 50, serverSeconds: 50 } as const;

/** Name of the sticky cookie where the balancer lets it be chosen (guide, step 1). */
export const stickyCookie = "SERVERID";
