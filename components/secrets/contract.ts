import type * as pulumi from "@pulumi/pulumi";

/** What the secrets tier gives on every cloud: ids, never values. */
export interface Secrets {
    /** Id of the key that encrypts the deployment's secrets and data. */
    readonly keyId: pulumi.Output<string>;
    /** Id of the secret that signs sessions (guide, step 6: SESSION_SECRET). */
    readonly sessionSecretId: pulumi.Output<string>;
    /** Id of the mail server's password (guide, step 6: SMTP_PASS). */
    readonly smtpSecretId: pulumi.Output<string>;
}

/** Complexity of generated passwords: the checklist's "All passwords meet complexity requirements". */
export const passwordComplexity = { length: 32, minLower: 2, minUpper: 2, minNumeric: 2, minSpecial: 2 } as const;
