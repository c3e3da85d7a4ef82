import { constants, setPriority } from "node:os";

// Labs measure what users wait for; whatever else is computed meanwhile goes behind them.
setPriority(constants.priority.PRIORITY_LOW);
