// Prints the login of the shared directories, for who maps them.
import "./system.mjs";
import { readSecret } from "./cloud.mjs";

process.stdout.write(readSecret(process.env.STORAGE_SECRET_ID));
