// Serves the files of `next build` with output: "export". Its argument is their directory.
import { createReadStream, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize, sep } from "node:path";

const root = normalize(process.argv[2] + sep);
const health = process.env.HEALTH_PATH || "/api/health";
const types = {
  ".avif": "image/avif", ".css": "text/css; charset=utf-8", ".gif": "image/gif", ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".js": "text/javascript; charset=utf-8",
  ".json": "application/json", ".map": "application/json", ".mjs": "text/javascript; charset=utf-8",
  ".mp4": "video/mp4", ".pdf": "application/pdf", ".png": "image/png", ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8", ".wasm": "application/wasm", ".webmanifest": "application/manifest+json",
  ".webp": "image/webp", ".woff": "font/woff", ".woff2": "font/woff2", ".xml": "application/xml",
};

function file(path) {
  const place = normalize(join(root, path));
  if (!place.startsWith(root)) return undefined;
  for (const name of [place, `${place.replace(/[\\/]$/, "")}.html`, join(place, "index.html")]) {
    if (statSync(name, { throwIfNoEntry: false })?.isFile()) return name;
  }
}

function send(request, response, status, name) {
  const forever = request.url.includes("/_next/static/");
  response.writeHead(status, {
    "Content-Type": types[extname(name)] ?? "application/octet-stream",
    "Cache-Control": forever ? "public, max-age=31536000, immutable" : "public, max-age=0, must-revalidate",
  });
  if (request.method === "HEAD") return response.end();
  createReadStream(name).on("error", () => response.destroy()).pipe(response);
}

const server = createServer((request, response) => {
  if (request.method !== "GET" && request.method !== "HEAD") return response.writeHead(405).end();
  let path;
  try {
    path = decodeURIComponent(request.url.split("?", 1)[0]);
  } catch {
    return response.writeHead(400).end();
  }
  if (path.includes("\0")) return response.writeHead(400).end();
  if (path === health || path === `${health}/`) {
    response.writeHead(200, { "Content-Type": "application/json", "Cache-Control": "no-store" });
    return response.end(JSON.stringify({ status: "ok", version: process.env.VERSION ?? "unknown" }));
  }
  const name = file(path);
  if (name) return send(request, response, 200, name);
  const missing = file("/404.html");
  return missing ? send(request, response, 404, missing) : response.writeHead(404).end("Not found\n");
});

server.keepAliveTimeout = Number(process.env.KEEP_ALIVE_TIMEOUT) || 65_000;
server.listen(Number(process.env.PORT) || 3000, process.env.HOSTNAME || "0.0.0.0");
for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => server.close(() => process.exit(0)));
