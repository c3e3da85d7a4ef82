/**
 * Has Pulumi's SDK follow its pending operations at less expense: by one more promise for each instead of two, and without
 * the stack trace that it keeps of each for its report of those which leak. They are still followed, and still reported;
 * with PULUMI_DEBUG_PROMISE_LEAKS everything stays as it is, traces too.
 *
 * @param {NodeJS.Require} requireFromPulumi
 */
function followAtLessExpense(requireFromPulumi) {
    const debuggable = requireFromPulumi("./runtime/debuggable.js");
    const { getStore } = requireFromPulumi("./runtime/state.js");
    const { debuggablePromise } = debuggable;
    if (process.env.PULUMI_DEBUG_PROMISE_LEAKS || debuggablePromise.isLean) {
        return;
    }
    let isReported = false;
    debuggable.debuggablePromise = (promise, context) => {
        if (!isReported) {
            isReported = true;
            return withoutTrace(() => debuggablePromise(promise, context));
        }
        const { leakCandidates } = getStore();
        leakCandidates.add(promise);
        return promise.then(
            (value) => {
                leakCandidates.delete(promise);
                return value;
            },
            (error) => {
                leakCandidates.delete(promise);
                error.promise = promise;
                throw error;
            },
        );
    };
    debuggable.debuggablePromise.isLean = true;
}

function withoutTrace(act) {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    try {
        return act();
    } finally {
        Error.stackTraceLimit = stackTraceLimit;
    }
}

module.exports = { followAtLessExpense };
