// Reads workflow and action files with GitHub's own parser; prints every fault and ends with 1 where there is one.
import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { basename } from "node:path";
import { pathToFileURL } from "node:url";

// The package imports its schema as bundlers do; Node wants to be told that it is JSON.
registerHooks({
  load: (url, context, next) =>
    next(url, url.endsWith(".json") ? { ...context, importAttributes: { type: "json" } } : context),
});
const from = `${process.env.RUNNER_MODULES}/@actions/workflow-parser/dist`;
const parser = await import(pathToFileURL(`${from}/index.js`));
const { parseAction, convertActionTemplate } = await import(pathToFileURL(`${from}/actions/index.js`));
const trace = new parser.NoOperationTraceWriter();
let faults = 0;

for (const path of process.argv.slice(2)) {
  const file = { name: path, content: readFileSync(path, "utf8") };
  const isAction = basename(path) === "action.yml";
  const parsed = isAction ? parseAction(file, trace) : parser.parseWorkflow(file, trace);
  if (parsed.value) {
    if (isAction) convertActionTemplate(parsed.context, parsed.value);
    else await parser.convertWorkflowTemplate(parsed.context, parsed.value);
  }
  for (const error of parsed.context.errors.getErrors()) {
    faults += 1;
    console.error(`${path}: ${error.message}`);
  }
}
process.exit(faults ? 1 : 0);
