/**
 * Spares the program the cost of stack traces that nobody reads. Pulumi keeps one for every pending operation, for its
 * leak report, and source maps make each of them expensive: nearly half of the run time of a large program. Every other
 * stack trace stays as it is, and so do these when PULUMI_DEBUG_PROMISE_LEAKS asks for them.
 */
const format = Error.prepareStackTrace;
if (format && !process.env["PULUMI_DEBUG_PROMISE_LEAKS"]) {
    Error.prepareStackTrace = (error, frames) =>
        error.message === "" && frames[0]?.getFunctionName() === "debuggablePromise" ? "" : format(error, frames);
}

export {};
