import { attestedItem } from "./attested";

/** On-call rotation established. */
export const onCall = attestedItem({
    item: "on-call",
    title: "An on-call rotation is established",
    risk: "A critical alarm at night reaches nobody who can act.",
    fix: "Set up the rotation and attest it in readiness.attestations with owner, evidence and expiry.",
    step: "Pre-Production Checklist",
    controls: ["AWS Well-Architected OPS10-BP04", "MCSB IR-2"],
});
