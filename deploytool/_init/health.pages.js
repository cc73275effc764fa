/* eslint-disable */
// Asked by the load balancer, the container's health check, and deploytool, which waits for the new version: no cache
// between them may keep the answer.
export default function health(request, response) {
  response.setHeader("Cache-Control", "no-store");
  response.status(200).json({ status: "ok", version: process.env.VERSION ?? "unknown" });
}
