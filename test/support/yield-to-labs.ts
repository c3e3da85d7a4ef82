import { constants, setPriority } from "node:os";

// The machines of labs must answer in time; whatever else is computed meanwhile goes behind them.
setPriority(constants.priority.PRIORITY_LOW);
