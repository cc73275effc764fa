// Evaluates templates with GitHub's own expression language: one JSON request per line in, one JSON answer per line out.
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const { Lexer, Parser, Evaluator, data } = await import(
  pathToFileURL(`${process.env.RUNNER_MODULES}/@actions/expressions/dist/index.js`)
);
const EXPRESSION = /\$\{\{((?:'[^']*'|[^'])*?)\}\}/g;
const STATUS = { success: ["success"], failure: ["failure"], cancelled: ["cancelled"] };

function functions(status) {
  const made = Object.entries(STATUS).map(([name, when]) => [name, () => new data.BooleanData(when.includes(status))]);
  made.push(["always", () => new data.BooleanData(true)]);
  return made.map(([name, call]) => ({ name, minArgs: 0, maxArgs: 0, call }));
}

function value(expression, contexts, status) {
  const known = functions(status);
  const parser = new Parser(new Lexer(expression.trim()).lex().tokens, Object.keys(contexts), known);
  const context = JSON.parse(JSON.stringify(contexts), data.reviver);
  return new Evaluator(parser.parse(), context, new Map(known.map((each) => [each.name, each]))).evaluate();
}

function condition(text, contexts, status) {
  const whole = text.trim().match(/^\$\{\{([^]*)\}\}$/);
  const inner = (whole ? whole[1] : text).trim() || "success()";
  // What names no status function is asked only while all is well.
  const asked = /\b(success|failure|cancelled|always)\s*\(/.test(inner) ? inner : `success() && (${inner})`;
  const found = value(asked, contexts, status);
  return !["", "0", "false", "NaN"].includes(found.coerceString());
}

function text(template, contexts, status) {
  return template.replace(EXPRESSION, (_, inner) => value(inner, contexts, status).coerceString());
}

for await (const line of createInterface({ input: process.stdin })) {
  const { kind, template, contexts, status } = JSON.parse(line);
  let answer;
  try {
    answer = { value: (kind === "condition" ? condition : text)(template, contexts, status) };
  } catch (error) {
    answer = { fault: `${template}: ${error.message}` };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
