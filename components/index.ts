/** The contracts that every cloud keeps, and the deployment guide's numbers. This entry point loads no cloud SDK. */
export * from "./app-pair/contract";
export * from "./backup/contract";
export * from "./database/contract";
export * from "./deployment/contract";
export { OperatingSystem } from "./host/operating-system";
export * from "./load-balancer/contract";
export * from "./monitoring/contract";
export * from "./network/contract";
export * from "./readiness/contract";
export { Readiness, type ReadinessArgs } from "./readiness/readiness";
export * as reference from "./reference";
export * from "./secrets/contract";
export * from "./session-store/contract";
export * from "./shared-storage/contract";
