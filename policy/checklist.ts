import { checklist as items, type ChecklistItem } from "../components/reference";
import type { ItemRules, Rule } from "./rule";
import { appServersRules } from "./rules/infrastructure/app-servers";
import { certificates } from "./rules/infrastructure/certificates";
import { databaseReplica } from "./rules/infrastructure/database-replica";
import { firewall } from "./rules/infrastructure/firewall";
import { loadBalancer } from "./rules/infrastructure/load-balancer";
import { sharedStorage } from "./rules/infrastructure/shared-storage";
import { compliance } from "./rules/licensing/compliance";
import { licenseKeys } from "./rules/licensing/license-keys";
import { licensesProcured } from "./rules/licensing/licenses-procured";
import { renewalDates } from "./rules/licensing/renewal-dates";
import { alerting } from "./rules/operational/alerting";
import { backups } from "./rules/operational/backups";
import { disasterRecovery } from "./rules/operational/disaster-recovery";
import { monitoring } from "./rules/operational/monitoring";
import { onCall } from "./rules/operational/on-call";
import { runbooks } from "./rules/operational/runbooks";
import { databaseAccess } from "./rules/security/database-access";
import { passwords } from "./rules/security/passwords";
import { rateLimiting } from "./rules/security/rate-limiting";
import { securityHeadersRules } from "./rules/security/security-headers";
import { sshKeys } from "./rules/security/ssh-keys";
import { waf } from "./rules/security/waf";

const itemRules: readonly ItemRules[] = [
    loadBalancer,
    appServersRules,
    databaseReplica,
    sharedStorage,
    firewall,
    certificates,
    passwords,
    sshKeys,
    databaseAccess,
    waf,
    securityHeadersRules,
    rateLimiting,
    monitoring,
    alerting,
    backups,
    disasterRecovery,
    runbooks,
    onCall,
    licensesProcured,
    licenseKeys,
    renewalDates,
    compliance,
];

/** An item of the pre-production checklist with the rules that decide it. */
export interface CheckedItem extends ChecklistItem {
    rules: readonly Rule[];
}

/** The guide's 22 items in its order, each with its rules. */
export const checklist: readonly CheckedItem[] = items.map((item) => ({
    ...item,
    rules: itemRules.find(({ item: id }) => id === item.id)?.rules ?? [],
}));
