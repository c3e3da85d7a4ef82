// A standby that takes over by itself, where there is a third voter: two of three, this standby and the witness, must have
// lost sight of the primary. The promotion is the administrator's own, which turns the other machine off first and refuses
// where that had gone on alone.
import { peer, peerAddress, peerState, run, witnessState } from "./postgres.mjs";

/** Looks in a row, some five seconds apart, at which the primary was not seen, here and by the witness. */
const LOOKS = 5;
/** A standby that has just started gives the primary five minutes to start too. */
let missed = LOOKS - 60;
let isPromoting = false;

/** A standby that follows sees its primary. */
export const sawPrimary = () => (missed = 0);

/** Looks at the primary once more. Tells why this standby waits, or that it does not. */
export async function takeOver() {
    const { role, leads, fresh } = await peerState();
    missed = role === "primary" && leads && fresh ? 0 : missed + 1;
    if (isPromoting) {
        return `takes over from ${peer}`;
    }
    if (missed < LOOKS) {
        return `waits for ${peer}`;
    }
    const witness = await witnessState();
    if (witness.missed === undefined) {
        return `${peer} is not seen, and the witness does not answer: an administrator decides`;
    }
    if (!(witness.missed[peerAddress] >= LOOKS)) {
        return `${peer} is not seen, but the witness sees it: an administrator decides`;
    }
    isPromoting = true;
    promote().finally(() => {
        isPromoting = false;
        missed = 0;
    });
    return `neither this machine nor the witness sees ${peer}: takes over`;
}

/** The keeper goes on meanwhile: it is what makes this machine the primary. */
async function promote() {
    try {
        console.log(await run("minusnow-database", ["promote"], { seconds: 1200 }));
    } catch (error) {
        console.log(`did not take over: ${error.message}`);
    }
}
