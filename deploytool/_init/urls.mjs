// Prints the URL of the database or of Redis, made of the parts in the environment. See entry.sh.
const given = process.env;

function part(name) {
  if (!given[name]) {
    console.error(`entry: ${name} is not set; it is needed beside ${name.split("_")[0]}_HOST`);
    process.exit(78); // EX_CONFIG of sysexits.h
  }
  return given[name];
}

// encodeURIComponent leaves these as they are, and not every client takes them in a password.
const encoded = (text) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);

const urls = {
  database() {
    const login = `${encoded(part("DATABASE_USER"))}:${encoded(part("DATABASE_PASSWORD"))}`;
    const place = `${part("DATABASE_HOST")}:${given.DATABASE_PORT || 5432}/${encoded(part("DATABASE_NAME"))}`;
    return `postgresql://${login}@${place}?${given.DATABASE_PARAMETERS || "sslmode=require"}`;
  },
  // ElastiCache takes a token over TLS only; REDIS_TLS=false is for a Redis that does without.
  redis() {
    const token = given.REDIS_AUTH_TOKEN;
    const scheme = token && given.REDIS_TLS !== "false" ? "rediss" : "redis";
    return `${scheme}://${token ? `:${encoded(token)}@` : ""}${part("REDIS_HOST")}:${given.REDIS_PORT || 6379}`;
  },
};

process.stdout.write(urls[process.argv[2]]());
