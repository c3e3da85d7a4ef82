/** Azure Managed Redis answers on this TCP port, not on Redis's own. */
export const cachePort = 10000;
