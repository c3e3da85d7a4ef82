/** A third-party component and the choices the guide lists for it ("Open Source vs Licensed Components"). */
export interface ThirdPartyComponent {
    id: string;
    title: string;
    openSource: readonly string[];
    licensed: readonly string[];
}

/** Third-party components with their licence choices; Valkey, pgBackRest and systems by name are the library's additions. */
export const thirdPartyComponents: readonly ThirdPartyComponent[] = [
    {
        id: "postgresql",
        title: "PostgreSQL",
        openSource: ["PostgreSQL"],
        licensed: ["EnterpriseDB", "AWS RDS PostgreSQL"],
    },
    { id: "redis", title: "Redis", openSource: ["Redis OSS", "Valkey"], licensed: ["Redis Enterprise"] },
    {
        id: "operating-system",
        title: "Operating system",
        openSource: ["Amazon Linux 2023", "Ubuntu 24.04 LTS", "Debian 13"],
        licensed: ["Windows Server", "RHEL"],
    },
    { id: "directory", title: "LDAP/AD", openSource: ["OpenLDAP"], licensed: ["Microsoft Active Directory"] },
    {
        id: "smtp",
        title: "SMTP",
        openSource: ["Postfix", "hMailServer"],
        licensed: ["Exchange", "Office 365", "SendGrid"],
    },
    {
        id: "monitoring",
        title: "Monitoring",
        openSource: ["Prometheus", "Grafana OSS"],
        licensed: ["Datadog", "New Relic", "Grafana Enterprise"],
    },
    {
        id: "backup",
        title: "Backup",
        openSource: ["pg_dump", "rsync", "pgBackRest"],
        licensed: ["Veeam", "Commvault", "AWS Backup"],
    },
    {
        id: "load-balancer",
        title: "Load balancer",
        openSource: ["HAProxy", "Nginx OSS"],
        licensed: ["F5", "AWS ALB/NLB", "Azure LB"],
    },
    {
        id: "certificates",
        title: "TLS certificates",
        openSource: ["Let's Encrypt"],
        licensed: ["DigiCert", "GlobalSign", "Sectigo"],
    },
];
