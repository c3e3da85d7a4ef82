import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
    hostAddress,
    networkContains,
    networksOverlap,
    parseNetwork,
    planAddresses,
} from "../../components/network/addresses";
import { subnetRoles } from "../../components/reference";

/** Any address space of a prefix, with host bits cleared. */
const spaces = fc
    .tuple(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.integer({ min: 8, max: 28 }))
    .map(([address, prefix]) => {
        const start = (address & (prefix === 0 ? 0 : -1 << (32 - prefix))) >>> 0;
        return `${[24, 16, 8, 0].map((shift) => (start >>> shift) & 255).join(".")}/${prefix}`;
    });

describe("address plan (guide, step 7)", () => {
    it("gives the guide's networks in the first zone of 10.0.0.0/16", () => {
        const plan = planAddresses("10.0.0.0/16", 2);
        expect(subnetRoles.map((role) => plan[role][0])).toEqual([
            "10.0.0.0/24",
            "10.0.1.0/24",
            "10.0.2.0/24",
            "10.0.3.0/24",
            "10.0.4.0/24",
        ]);
    });

    it("gives app1 10.0.1.10 and the database 10.0.2.10", () => {
        const plan = planAddresses("10.0.0.0/16", 2);
        expect(hostAddress(plan.app[0]!, 10)).toBe("10.0.1.10");
        expect(hostAddress(plan.database[0]!, 10)).toBe("10.0.2.10");
    });

    it("never overlaps and never leaves the address space, or says that there is no room", () => {
        fc.assert(
            fc.property(spaces, fc.integer({ min: 1, max: 6 }), (space, zones) => {
                let plan;
                try {
                    plan = planAddresses(space, zones);
                } catch (error) {
                    expect((error as Error).message).toContain("has no room");
                    return;
                }
                const subnets = subnetRoles.flatMap((role) => plan[role]);
                expect(subnets).toHaveLength(subnetRoles.length * zones);
                for (const [place, subnet] of subnets.entries()) {
                    expect(networkContains(space, subnet)).toBe(true);
                    expect(subnets.slice(place + 1).some((other) => networksOverlap(subnet, other))).toBe(false);
                    expect(parseNetwork(subnet).subnetMask).toBeLessThanOrEqual(27);
                }
            }),
            { numRuns: 3000 },
        );
    });

    it("moves no subnet when a zone is added", () => {
        fc.assert(
            fc.property(spaces, fc.integer({ min: 2, max: 5 }), (space, zones) => {
                try {
                    const more = planAddresses(space, zones + 1);
                    const fewer = planAddresses(space, zones);
                    for (const role of subnetRoles) {
                        expect(more[role].slice(0, zones)).toEqual(fewer[role]);
                    }
                } catch (error) {
                    expect((error as Error).message).toContain("has no room");
                }
            }),
            { numRuns: 1000 },
        );
    });

    it.each(["10.0.0.0", "10.0.0.0/33", "10.0.0.300/16", "fd00::/48", "", "10.0.0.0/16 "])("refuses %j", (text) => {
        expect(() => planAddresses(text, 2)).toThrow("is not an IPv4 network");
    });

    it("names the network that was meant when host bits are set", () => {
        expect(() => planAddresses("10.0.1.0/16", 2)).toThrow("did you mean 10.0.0.0/16?");
    });

    it("names the smallest network that would do", () => {
        expect(() => planAddresses("10.0.0.0/24", 2)).toThrow("use a /23 or a larger network");
    });
});
