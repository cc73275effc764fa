import pg from "pg";

const database = new pg.Client({ connectionString: process.env.DATABASE_URL });
await database.connect();
await database.query("create table if not exists orders (name text not null)");
await database.end();
console.log("migrate: done");
