import type { Trap } from "./trap";

export const awsTraps: readonly Trap[] = [];
