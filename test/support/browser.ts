import { existsSync } from "node:fs";

/** A Chromium of this machine, from its distribution's packages. */
export const chromium = ["/usr/bin/chromium", "/usr/bin/google-chrome", "/usr/bin/chromium-browser"].find(existsSync);
