// Takes orders from Redis and writes them to PostgreSQL.
import Redis from "ioredis";
import pg from "pg";

async function work() {
  const database = new pg.Pool({ connectionString: process.env.DATABASE_URL });
  const queue = new Redis(process.env.REDIS_URL);
  for (;;) {
    const [, order] = await queue.blpop("orders", 0);
    await database.query("insert into orders (name) values ($1)", [order]);
    console.log(`worker: wrote ${order}`);
  }
}

process.on("SIGTERM", () => process.exit(0));
work();
