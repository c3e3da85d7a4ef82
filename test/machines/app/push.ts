/** The stand-in's schema: what `npm run db:push` brings about. */
import pg from "pg";

async function push(): Promise<void> {
    const database = new pg.Client({ connectionString: process.env["DATABASE_URL"] });
    await database.connect();
    await database.query("CREATE TABLE IF NOT EXISTS tickets (key text PRIMARY KEY, made timestamptz DEFAULT now())");
    await database.end();
}

void push();
