import { describe, expect, it } from "vitest";
import { azureParameters } from "../../components/database/azure-parameters";
import { rdsParameters } from "../../components/database/aws-parameters";
import * as reference from "../../components/reference";

/** The guide's own numbers, written down once more: whoever changes one in the library sees it here. */
describe("the deployment guide's reference", () => {
    it("has the sizes of servers", () => {
        const size = (cpus: number, memoryGib: number) => ({ cpus, memoryGib });
        expect(reference.servers).toEqual({
            loadBalancer: { minimum: size(2, 4), recommended: size(4, 8) },
            appServer: { minimum: size(4, 8), recommended: size(8, 16) },
            databaseServer: { minimum: size(4, 16), recommended: size(8, 32) },
        });
        expect(reference.appServerCount).toBe(2);
        expect(reference.databaseStorageGib).toBe(500);
    });

    it("has the ports, addresses and connections", () => {
        const { https, http, app, postgres, nfs, redis, smtp } = reference.ports;
        expect([https, http, app, postgres, nfs, redis, smtp]).toEqual([443, 80, 5000, 5432, 2049, 6379, 587]);
        expect(reference.addressSpace).toBe("10.0.0.0/16");
        expect(reference.subnetRoles).toEqual(["edge", "app", "database", "storage", "cache"]);
        expect(reference.firstHostNumber).toBe(10);
        expect(reference.arrows.map(({ from, to, port }) => `${from} ${to} ${port}`)).toEqual([
            "internet edge 443",
            "internet edge 80",
            "edge app 5000",
            "app database 5432",
            "app storage 2049",
            "app cache 6379",
        ]);
    });

    it("has the health check, the headers and the time limits of the balancer", () => {
        expect(reference.healthCheck).toMatchObject({ path: "/health", expectedStatus: 200, intervalSeconds: 5 });
        expect(reference.healthCheck).toMatchObject({ fall: 3, rise: 2 });
        expect(Object.values(reference.healthEndpoints)).toEqual([
            "/health",
            "/api/telemetry/health",
            "/api/telemetry/overview",
        ]);
        expect(Object.values(reference.securityHeaders)).toEqual([
            "max-age=31536000; includeSubDomains",
            "nosniff",
            "SAMEORIGIN",
        ]);
        expect(Object.values(reference.timeouts)).toEqual([5, 50, 50]);
        expect(reference.stickyCookie).toBe("SERVERID");
    });

    it("has the application's place, directories and variables", () => {
        expect(reference.application).toMatchObject({
            directory: "/opt/minusnow",
            user: "minusnow",
            entryPoint: "dist/index.cjs",
            environmentFile: "/opt/minusnow/.env",
            restartSeconds: 10,
            openFiles: 65535,
        });
        expect(reference.nodeMajor).toBe(20);
        expect(reference.sharedDirectories).toEqual(["data", "audit-logs", "support-tickets", "artifacts", "uploads"]);
        expect(reference.environmentVariables.map(({ name }) => name)).toEqual([
            ...["NODE_ENV", "PORT", "APP_BASE_URL", "SESSION_SECRET", "DATABASE_URL"],
            ...["SMTP_HOST", "SMTP_PORT", "SMTP_USER", "SMTP_PASS", "SUPPORT_EMAIL", "REDIS_URL", "SESSION_STORE"],
        ]);
        expect(reference.sessionSecretLength).toBe(32);
        expect(reference.sessionStoreMemory).toEqual({ maxMemoryMib: 256, policy: "allkeys-lru" });
    });

    it("has PostgreSQL's settings, in the units of each place that takes them", () => {
        const perGib = 131_072;
        const rds = Object.fromEntries(rdsParameters.map(({ name, value }) => [name, value]));
        const azure = Object.fromEntries(azureParameters(32).map(({ name, value }) => [name, value]));
        const both = {
            max_connections: "200",
            maintenance_work_mem: "1048576",
            work_mem: "65536",
            random_page_cost: "1.1",
            effective_io_concurrency: "200",
            password_encryption: "scram-sha-256",
        };
        expect(rds).toEqual({
            ...both,
            shared_buffers: "{DBInstanceClassMemory/32768}",
            effective_cache_size: "{DBInstanceClassMemory*3/32768}",
            wal_keep_size: "1024",
            "rds.force_ssl": "1",
        });
        expect(azure).toEqual({
            ...both,
            shared_buffers: String(8 * perGib),
            effective_cache_size: String(24 * perGib),
            require_secure_transport: "on",
            ssl_min_protocol_version: "TLSv1.2",
        });
        expect(reference.minimumPostgresMajor).toBe(15);
    });

    it("has the thresholds and the backup strategy", () => {
        expect(reference.thresholds.map(({ metric, warning, critical }) => [metric, warning, critical])).toEqual([
            ["cpu", 70, 90],
            ["memory", 75, 90],
            ["disk", 70, 85],
            ["response-time", 2, 5],
            ["error-rate", 1, 5],
            ["replication-lag", 60, 300],
        ]);
        const strategy = reference.backupStrategy.map(({ data, everyHours, retentionDays }) => [
            data,
            everyHours,
            retentionDays,
        ]);
        expect(strategy).toEqual([
            ["database", 6, 30],
            ["files", 24, 30],
            ["configuration", undefined, 90],
            ["audit-logs", 168, 365],
        ]);
    });

    it("has the 22 items of the checklist, and the components whose licences are to be chosen", () => {
        const counts = reference.checklistSections.map(
            (section) => reference.checklist.filter((item) => item.section === section).length,
        );
        expect(counts).toEqual([6, 6, 6, 4]);
        expect(reference.checklist.map(({ title }) => title).join("; ")).toBe(
            [
                "Load balancer configured and tested; Primary and secondary app servers deployed",
                "Primary and replica database configured; Shared storage mounted and accessible",
                "Network firewall rules in place; SSL certificates installed and valid",
                "All passwords meet complexity requirements; SSH key-based authentication only",
                "Database access restricted to app servers; WAF configured (if applicable)",
                "Security headers configured; Rate limiting enabled",
                "Monitoring agents installed; Alerting rules configured",
                "Backup jobs scheduled; Disaster recovery plan documented",
                "Runbooks created for common issues; On-call rotation established",
                "All third-party licenses procured; License keys documented and secured",
                "Renewal dates tracked; Compliance requirements met",
            ].join("; "),
        );
        const choices = Object.fromEntries(
            reference.thirdPartyComponents.map(({ id, openSource, licensed }) => [id, [...openSource, ...licensed]]),
        );
        expect(choices).toMatchObject({
            postgresql: ["PostgreSQL", "EnterpriseDB", "AWS RDS PostgreSQL"],
            redis: ["Redis OSS", "Valkey", "Redis Enterprise"],
            directory: ["OpenLDAP", "Microsoft Active Directory"],
            smtp: ["Postfix", "hMailServer", "Exchange", "Office 365", "SendGrid"],
            monitoring: ["Prometheus", "Grafana OSS", "Datadog", "New Relic", "Grafana Enterprise"],
            backup: ["pg_dump", "rsync", "pgBackRest", "Veeam", "Commvault", "AWS Backup"],
            "load-balancer": ["HAProxy", "Nginx OSS", "F5", "AWS ALB/NLB", "Azure LB"],
            certificates: ["Let's Encrypt", "DigiCert", "GlobalSign", "Sectigo"],
        });
    });
});
