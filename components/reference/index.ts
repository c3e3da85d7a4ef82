/** The deployment guide's numbers and lists, each with the step it comes from. */
export * from "./application";
export * from "./checklist";
export * from "./load-balancer";
export * from "./network";
export * from "./operations";
export * from "./postgres";
export * from "./servers";
export * from "./third-party";
