import { attestedItem } from "./attested";

/** Runbooks created for common issues. */
export const runbooks = attestedItem({
    item: "runbooks",
    title: "Runbooks exist for common issues",
    risk: "Each incident is solved from memory, by whoever happens to know.",
    fix: "Write the runbooks and attest them in readiness.attestations with owner, evidence and expiry.",
    step: "Pre-Production Checklist",
    controls: ["AWS Well-Architected OPS07-BP03", "MCSB IR-1"],
});
