/** The command or the configuration is wrong: the message says what was found, what is allowed and how to fix it. */
export class UsageError extends Error {
    public override readonly name = "UsageError";
}
