/** A page of Microsoft's documentation. */
export const learn = (page: string) => `https://learn.microsoft.com/azure/${page}`;

/** The resource provider's own description of its API. */
export const spec = (path: string) => `https://github.com/Azure/azure-rest-api-specs/tree/main/specification/${path}`;

/** What Azure's provider for another tool learnt from refusals. */
export const azurerm = (path: string) =>
    `https://github.com/hashicorp/terraform-provider-azurerm/blob/main/internal/services/${path}`;
