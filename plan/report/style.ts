import { styleText } from "node:util";

/** Marks up text for the place it is printed to. */
export interface Style {
    bold: (text: string) => string;
    dim: (text: string) => string;
    good: (text: string) => string;
    bad: (text: string) => string;
    accent: (text: string) => string;
    /** Columns available. */
    width: number;
}

const identity = (text: string) => text;

/** Colour on a terminal that has it, plain text elsewhere; NO_COLOR and FORCE_COLOR are respected. */
export function styleFor(stream: NodeJS.WriteStream): Style {
    const width = stream.isTTY ? stream.columns : Number.POSITIVE_INFINITY;
    if (!stream.isTTY && !process.env["FORCE_COLOR"]) {
        return { bold: identity, dim: identity, good: identity, bad: identity, accent: identity, width };
    }
    const paint = (format: Parameters<typeof styleText>[0]) => (text: string) => styleText(format, text, { stream });
    return {
        bold: paint("bold"),
        dim: paint("dim"),
        good: paint("green"),
        bad: paint("red"),
        accent: paint("cyan"),
        width,
    };
}
