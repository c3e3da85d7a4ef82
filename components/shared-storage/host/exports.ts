/** Where the shared directories are on a file server (guide, step 5). */
export const EXPORTS = "/exports/minusnow";
