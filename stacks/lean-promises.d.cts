export declare function followAtLessExpense(requireFromPulumi: NodeJS.Require): void;
