import type { Alias, CustomResourceOptions, ResourceTransformationArgs } from "@pulumi/pulumi";
import { expect, it } from "vitest";
import { withoutVersionedAliases } from "../../components/azure-aliases";

const aliasesLeft = (aliases: (Alias | string)[]) => {
    const opts: CustomResourceOptions = { aliases, protect: true };
    return withoutVersionedAliases({ props: {}, opts } as ResourceTransformationArgs)?.opts;
};

it("drops aliases of versioned types alone, and leaves every other option as it is", () => {
    const moved = { type: "azure-native:cache:RedisEnterprise" };
    const named = { name: "former" };
    const urn = "urn:pulumi:prod::minusnow::azure-native:cache/v20230701:RedisEnterprise::sessions";
    expect(aliasesLeft([{ type: "azure-native:cache/v20230701:RedisEnterprise" }, moved, named, urn])).toEqual({
        aliases: [moved, named, urn],
        protect: true,
    });
    expect(aliasesLeft([moved, named, urn])).toBeUndefined();
});
