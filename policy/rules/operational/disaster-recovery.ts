import { attestedItem } from "./attested";

/** Disaster recovery plan documented. */
export const disasterRecovery = attestedItem({
    item: "disaster-recovery",
    title: "A disaster-recovery plan is documented and current",
    risk: "After a disaster the team learns what to do while users wait.",
    fix: "Write the plan, rehearse it, and attest it in readiness.attestations with owner, evidence and expiry.",
    step: "Backup & Disaster Recovery",
    controls: ["AWS Well-Architected REL13-BP01", "AWS Well-Architected REL13-BP03", "MCSB BR-4"],
});
