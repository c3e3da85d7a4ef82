/** The stand-in's schema: what `npm run db:push` brings about. */
import pg from "pg";

declare const VERSION: string;

async function push(): Promise<void> {
    const database = new pg.Client({ connectionString: process.env["DATABASE_URL"] });
    await database.connect();
    await database.query("CREATE TABLE IF NOT EXISTS tickets (key text PRIMARY KEY, made timestamptz DEFAULT now())");
    // What counts how often it was done.
    await database.query("CREATE TABLE IF NOT EXISTS migrations (version text, made timestamptz DEFAULT now())");
    await database.query("INSERT INTO migrations (version) VALUES ($1)", [VERSION]);
    await database.end();
}

void push();
