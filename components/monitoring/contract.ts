import type * as pulumi from "@pulumi/pulumi";

/** How urgent an alert is. */
export const AlertLevel = {
    /** Someone should look during working hours. */
    Warning: "warning",
    /** Someone is woken. */
    Critical: "critical",
} as const;
export type AlertLevel = (typeof AlertLevel)[keyof typeof AlertLevel];

/** Who is told. */
export interface AlertReceivers {
    /** E-mail addresses that hear of warnings; each confirms its subscription once. */
    warning: string[];
    /** E-mail addresses that hear of criticals; each confirms its subscription once. */
    critical: string[];
}

/** An alert on one metric of one resource. */
export interface Alert {
    /** The guide's metric, for example `cpu`. */
    metric: string;
    level: AlertLevel;
    /** What is watched, for example `app1`. */
    resource: string;
    /** The cloud's id of the alert. */
    id: string;
}

/** What the monitoring tier gives on every cloud. */
export interface Monitoring {
    /** Alerts by metric, level and resource. */
    readonly alerts: pulumi.Output<Alert[]>;
    /** Name or id of the dashboard. */
    readonly dashboard: pulumi.Output<string>;
}
