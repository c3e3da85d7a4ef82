// A standby that takes over by itself, where there is a third voter: two of three, this standby and the witness, must have
// lost sight of the primary. The promotion is the administrator's own, which turns the other machine off first and refuses
// where that had gone on alone.
import { join } from "node:path";
import { peer, peerAddress, peerState, run, witnessState } from "./postgres.mjs";

/** Looks in a row, five seconds apart, at which the primary was missed, here and by the witness. */
const LOOKS = 8;
/** A standby that has just started, or just become one, gives the primary five minutes before it counts. */
const BEFORE = 60;
let missed = -BEFORE;
let isPromoting = false;

/** Who is primary is another one by now: what was missed before says nothing. */
export const startOver = () => (missed = -BEFORE);
/** A standby that follows sees its primary. */
export const sawPrimary = () => (missed = 0);
/** While it takes over, this machine's data are the only ones that may be served. */
export const isTakingOver = () => isPromoting;

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
        return `${peer} is not seen, and the witness does not say the same: an administrator decides`;
    }
    isPromoting = true;
    void promote();
    return `neither this machine nor the witness sees ${peer}: takes over`;
}

/** The keeper goes on meanwhile: it is what makes this machine the primary. */
async function promote() {
    try {
        console.log(await run(join(import.meta.dirname, "database.mjs"), ["promote"], { seconds: 1200 }));
    } catch (error) {
        console.log(`did not take over: ${error.message}`);
    }
    isPromoting = false;
    missed = 0;
}
