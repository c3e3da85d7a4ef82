import { describe, expect, it } from "vitest";
import { parseResourceId } from "../../components/azure-ids";

const TYPE = "Microsoft.KeyVault/vaults/secrets";

describe("resource ids of Azure", () => {
    it("are read without regard to case", () => {
        expect(
            parseResourceId("/subscriptions/s/resourcegroups/g/providers/microsoft.keyvault/VAULTS/v/secrets/n", TYPE),
        ).toEqual({ subscription: "s", resourceGroup: "g", names: ["v", "n"] });
    });

    it.each([
        "minusnow/smtp",
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/v",
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/v/secrets",
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/v/keys/n",
        "https://v.vault.azure.net/secrets/n",
    ])("are refused when they name something else: %s", (id) => {
        expect(() => parseResourceId(id, TYPE)).toThrow(`'${id}' is not the id of a resource of the type ${TYPE}`);
    });
});
