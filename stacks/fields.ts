import { z } from "zod";

/** What a field's description adds for errors and for the reference in the documentation. */
declare module "zod" {
    interface GlobalMeta {
        /** A value that is right, for the fix in an error. */
        example?: unknown;
        /** What is allowed, where the type alone does not say it. */
        allowed?: string;
        /** True for what is kept encrypted in the stack file. */
        secret?: boolean;
    }
}

/** Text, of a form where one is given. */
export const text = (description: string, example: string, pattern?: RegExp, allowed?: string) => {
    const schema = pattern ? z.string().regex(pattern) : z.string().min(1);
    return schema.meta({ description, example, allowed });
};

/** A whole number in a range. */
export const count = (description: string, minimum: number, maximum: number, example: number) =>
    z
        .int()
        .min(minimum)
        .max(maximum)
        .meta({ description, example, allowed: `a whole number from ${minimum} to ${maximum}` });

/** One of a choice's values. */
export const choice = <T extends Record<string, string>>(values: T, description: string) =>
    z.enum(values).meta({ description, example: Object.values(values)[0] });

/** True or false. */
export const flag = (description: string) => z.boolean().meta({ description, example: true });

const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;
const HOSTNAME = /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/;
const NETWORK = /^\d{1,3}(\.\d{1,3}){3}\/\d{1,2}$/;

/** An e-mail address. */
export const email = (description: string, example: string) => text(description, example, EMAIL, "an e-mail address");
/** A host name. */
export const hostname = (description: string, example: string) =>
    text(description, example, HOSTNAME, "a host name in lower case");
/** An IPv4 network. */
export const network = (description: string, example: string) =>
    text(description, example, NETWORK, "an IPv4 network in CIDR notation").meta({
        description,
        example,
        allowed: "an IPv4 network in CIDR notation",
    });

/** A day. */
export const day = (description: string, example: string) =>
    text(description, example, /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/, "a day as 2026-11-25, in quotes");

/** An address of evidence. */
export const evidence = (description: string) =>
    text(description, "https://wiki.example.com/minusnow", /^https:\/\/\S+$/, "an https address");
