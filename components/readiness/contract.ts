/** What only a person can know: that it is written down, known and current. */
export const AttestedItem = {
    /** A disaster-recovery plan is documented. */
    DisasterRecovery: "disaster-recovery",
    /** Runbooks for common issues exist. */
    Runbooks: "runbooks",
    /** An on-call rotation is established. */
    OnCall: "on-call",
} as const;
export type AttestedItem = (typeof AttestedItem)[keyof typeof AttestedItem];

/** A person's word for one item of the checklist (guide, "Pre-Production Checklist"). */
export interface Attestation {
    item: AttestedItem;
    /** Who answers for it: a person or a team. */
    owner: string;
    /** https address of what proves it. */
    evidence: string;
    /** Day it was given, as `2026-11-25`. */
    date: string;
    /** Last day it holds, at most a year after `date`. */
    expires: string;
    /** True marks an example: a preview accepts it with a warning, a production update refuses it. Default false. */
    example?: boolean;
}

/** The licence of one third-party product in use (guide, "License Procurement Checklist"). */
export interface Licence {
    /** Which component it is for, for example `postgresql`. */
    component: string;
    vendor: string;
    product: string;
    /** Number or name of the agreement. */
    agreement: string;
    /** Where the key is kept, never the key; `none` where the product has no key. */
    keyLocation: string;
    /** Day the agreement must be renewed, as `2027-06-30`. */
    renewal: string;
    /** How its terms are met. */
    compliance: string;
    /** Who answers for it: a person or a team. */
    owner: string;
    /** https address of what proves it. */
    evidence: string;
    /** Day it was recorded, as `2026-11-25`. */
    date: string;
    /** Last day the record holds, at most a year after `date`. */
    expires: string;
    /** True marks an example: a preview accepts it with a warning, a production update refuses it. Default false. */
    example?: boolean;
}

/** A third-party product that the deployment uses. */
export interface ComponentInUse {
    /** Which component, for example `postgresql`. */
    component: string;
    product: string;
    /** False for open source, which needs no licence record. */
    licensed: boolean;
}

/** What people attest for a deployment. */
export interface ReadinessSettings {
    attestations?: Attestation[];
    licences?: Licence[];
}
