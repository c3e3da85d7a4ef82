import { distance } from "fastest-levenshtein";

/** The candidate that differs from `word` by the fewest edits, when that is few enough to be a slip. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
    const limit = Math.max(2, Math.floor(word.length / 3));
    const ranked = [...candidates]
        .map((candidate) => ({ candidate, edits: distance(word.toLowerCase(), candidate.toLowerCase()) }))
        .sort((a, b) => a.edits - b.edits);
    const best = ranked[0];
    return best && best.edits <= limit ? best.candidate : undefined;
}
