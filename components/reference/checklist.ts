/** Sections of the pre-production checklist. */
export const checklistSections = ["infrastructure", "security", "operational", "licensing"] as const;

/** One item of the pre-production checklist. */
export interface ChecklistItem {
    id: string;
    section: (typeof checklistSections)[number];
    title: string;
}

/** The guide's pre-production checklist, in its order. */
export const checklist: readonly ChecklistItem[] = [
    { id: "load-balancer", section: "infrastructure", title: "Load balancer configured and tested" },
    { id: "app-servers", section: "infrastructure", title: "Primary and secondary app servers deployed" },
    { id: "database-replica", section: "infrastructure", title: "Primary and replica database configured" },
    { id: "shared-storage", section: "infrastructure", title: "Shared storage mounted and accessible" },
    { id: "firewall", section: "infrastructure", title: "Network firewall rules in place" },
    { id: "certificates", section: "infrastructure", title: "SSL certificates installed and valid" },
    { id: "passwords", section: "security", title: "All passwords meet complexity requirements" },
    { id: "ssh-keys", section: "security", title: "SSH key-based authentication only" },
    { id: "database-access", section: "security", title: "Database access restricted to app servers" },
    { id: "waf", section: "security", title: "WAF configured (if applicable)" },
    { id: "security-headers", section: "security", title: "Security headers configured" },
    { id: "rate-limiting", section: "security", title: "Rate limiting enabled" },
    { id: "monitoring", section: "operational", title: "Monitoring agents installed" },
    { id: "alerting", section: "operational", title: "Alerting rules configured" },
    { id: "backups", section: "operational", title: "Backup jobs scheduled" },
    { id: "disaster-recovery", section: "operational", title: "Disaster recovery plan documented" },
    { id: "runbooks", section: "operational", title: "Runbooks created for common issues" },
    { id: "on-call", section: "operational", title: "On-call rotation established" },
    { id: "licenses-procured", section: "licensing", title: "All third-party licenses procured" },
    { id: "license-keys", section: "licensing", title: "License keys documented and secured" },
    { id: "renewal-dates", section: "licensing", title: "Renewal dates tracked" },
    { id: "compliance", section: "licensing", title: "Compliance requirements met" },
];
