export declare function putAtLessExpense(requireFromPulumi: NodeJS.Require): void;
