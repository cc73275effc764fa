/* eslint-disable */
// Asked by the load balancer, the container's health check, and deploytool, which waits for the new version: no cache
// between them may keep the answer.
export const dynamic = "force-dynamic";

export function GET() {
  const health = { status: "ok", version: process.env.VERSION ?? "unknown" };
  return Response.json(health, { headers: { "Cache-Control": "no-store" } });
}
