/** A page that reads /openapi.json and shows it; no outside resource, every text set as text, never as markup. */
export function docsPage(nonce: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Edgewise API</title>
<style nonce="${nonce}">${STYLE}</style>
</head>
<body>
<header><h1>Edgewise API</h1><p id="about">Loading /openapi.json …</p>
<label>Filter <input id="filter" type="search" autocomplete="off"></label></header>
<main id="routes"></main>
<noscript>This page shows <a href="/openapi.json">/openapi.json</a> by a script of its own.</noscript>
<script nonce="${nonce}">${SCRIPT}</script>
</body>
</html>
`;
}

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 0 auto; padding: 1rem; }
h2 { margin: 2rem 0 .5rem; }
details { border: 1px solid #8886; border-radius: .4rem; margin: .4rem 0; }
summary { cursor: pointer; padding: .4rem .8rem; }
summary:focus-visible { outline: 2px solid Highlight; }
details > div { padding: 0 .8rem .8rem; }
code, pre { font: .9em/1.45 ui-monospace, monospace; }
pre { overflow-x: auto; background: #8881; padding: .6rem; border-radius: .3rem; }
.method { display: inline-block; min-width: 4.5em; font-weight: 700; }
.public { opacity: .75; font-size: .85em; }
`;

const SCRIPT = `
"use strict";
const make = (name, text, ...children) => {
  const element = document.createElement(name);
  if (text) element.textContent = text;
  element.append(...children);
  return element;
};
const part = (title, value) => value === undefined ? [] : [make("h4", title), make("pre", JSON.stringify(value, null, 2))];
function resolve(spec, value, seen = []) {
  if (Array.isArray(value)) return value.map((item) => resolve(spec, item, seen));
  if (typeof value !== "object" || value === null) return value;
  const ref = value.$ref;
  if (typeof ref === "string" && ref.startsWith("#/components/") && !seen.includes(ref)) {
    const target = ref.slice(2).split("/").reduce((at, key) => at?.[key], spec);
    return resolve(spec, target, [...seen, ref]);
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolve(spec, item, seen)]));
}
function operation(spec, path, method, route) {
  const head = make("summary", "", make("code", method.toUpperCase()), " ", make("code", path), " — ", route.summary ?? "");
  head.firstChild.className = "method";
  if (route.security?.length === 0) {
    const label = make("span", " (no key needed)");
    label.className = "public";
    head.append(label);
  }
  const body = make("div", "");
  if (route.description) body.append(make("p", route.description));
  body.append(...part("Parameters", resolve(spec, route.parameters)));
  body.append(...part("Body", resolve(spec, route.requestBody?.content)));
  body.append(...part("Answers", resolve(spec, route.responses)));
  const box = make("details", "", head, body);
  box.dataset.text = (method + " " + path + " " + (route.summary ?? "")).toLowerCase();
  return box;
}
function show(spec) {
  document.getElementById("about").textContent = spec.info.description + " Version " + spec.info.version + ".";
  const groups = new Map();
  for (const [path, item] of Object.entries(spec.paths))
    for (const [method, route] of Object.entries(item)) {
      const tag = route.tags?.[0] ?? "Other";
      if (!groups.has(tag)) groups.set(tag, make("section", "", make("h2", tag)));
      groups.get(tag).append(operation(spec, path, method, route));
    }
  document.getElementById("routes").append(...groups.values());
}
document.getElementById("filter").addEventListener("input", (event) => {
  const wanted = event.target.value.toLowerCase();
  for (const box of document.querySelectorAll("details")) box.hidden = !box.dataset.text.includes(wanted);
});
fetch("/openapi.json").then((answer) => answer.json()).then(show, (error) => {
  document.getElementById("about").textContent = "Could not read /openapi.json: " + error;
});
`;
