import { ports } from "../../components/reference";
import { cachePort } from "../../components/session-store/azure-port";
import { azure } from "../types";
import type { Resource, Stack } from "../stack";
import { fileAccounts, servesSmb } from "./azure-backups";
import { fileServers, sessionMachines } from "./service";

/** What servers reach on Azure, over private endpoints or on a machine, with the port. */
export function azureTiers(stack: Stack): { service: Resource; port: number; what: string }[] {
    return [
        ...fileAccounts(stack).map((service) => ({
            service,
            port: servesSmb(stack, service) ? ports.smb : ports.nfs,
            what: "shared storage",
        })),
        ...stack.of(azure.cache).map((service) => ({ service, port: cachePort, what: "the session store" })),
        ...azureFileServers(stack).map((service) => ({ service, port: ports.nfs, what: "shared storage" })),
        ...azureSessions(stack).map((service) => ({ service, port: ports.redis, what: "the session store" })),
    ];
}

export const azureFileServers = (stack: Stack) => fileServers(stack).filter(({ type }) => type === azure.machine);

export const azureSessions = (stack: Stack) => sessionMachines(stack).filter(({ type }) => type === azure.machine);
