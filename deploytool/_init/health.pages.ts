/* eslint-disable */
// Asked by the load balancer, the container's health check, and deploytool, which waits for the new version: no cache
// between them may keep the answer.
import type { NextApiRequest, NextApiResponse } from "next";

export default function health(_request: NextApiRequest, response: NextApiResponse) {
  response.setHeader("Cache-Control", "no-store");
  response.status(200).json({ status: "ok", version: process.env.VERSION ?? "unknown" });
}
