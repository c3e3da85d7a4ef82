import * as pulumi from "@pulumi/pulumi";
import type { Attestation, ComponentInUse, Licence } from "./contract";

/** Arguments of {@link Readiness}. */
export interface ReadinessArgs {
    /** What people attest. Default nothing. */
    attestations?: Attestation[];
    /** Licences of the third-party products in use. Default none. */
    licences?: Licence[];
    /** Third-party products that the deployment uses; each licensed one needs a licence. */
    inUse: ComponentInUse[];
}

/**
 * The checklist's human items: attestations and licences, recorded in the stack's state. It makes nothing in a cloud; the
 * checklist policies read it (guide, "Pre-Production Checklist" and "Third-Party Integration & Licensing").
 */
export class Readiness extends pulumi.ComponentResource {
    constructor(name: string, args: ReadinessArgs, opts?: pulumi.ComponentResourceOptions) {
        super("minusnow:index:Readiness", name, args, opts);
        // Policies see what a component registers, not what it was given.
        const { attestations = [], licences = [], inUse } = args;
        this.registerOutputs({ attestations, licences, inUse });
    }
}
