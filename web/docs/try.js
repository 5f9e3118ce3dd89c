// SPDX-License-Identifier: Apache-2.0
// The form that sends an operation's request, shows its curl line while it is filled in, and what came back.
import {announce, copyButton, fill, h} from "./dom.js";
import {jsonView} from "./json.js";
import {bounds, sample} from "./schema.js";

const FILTER = "#/components/schemas/filter.";
const SHOWN_BYTES_MAX = 512 * 1024;

let fields = 0; // for ids: labels need them

function labelled(label, control, note) {
  const id = `field-${++fields}`;
  control.id = id;
  const notes = note ? h("small", {id: `${id}-note`}, note) : null;
  if (notes) control.setAttribute("aria-describedby", notes.id);
  return h("div", {class: "field"}, h("label", {for: id}, label), control, notes);
}

// ---- parameters ----

function choice(values, required) {
  return h("select", {required}, required ? null : h("option", {value: ""}, "—"),
    values.map((value) => h("option", {value: String(value)}, String(value))));
}

function control(api, parameter) {
  const schema = api.deref(parameter.schema);
  const required = parameter.required === true;
  if (schema.enum) return choice(schema.enum.filter((each) => each !== null), required);
  if (schema.type === "boolean") return choice([true, false], required);
  const number = schema.type === "integer";
  const shown = schema.default ?? schema["x-default"] ?? schema.examples?.[0];
  return h("input", {type: number ? "number" : "text", required, step: number ? "1" : null, min: schema.minimum ?? null,
    max: schema.maximum ?? null, placeholder: shown ?? null, autocomplete: "off", spellcheck: "false"});
}

// The parameter's words stand beside the form already.
function noteOf(api, parameter) {
  const said = bounds(api.deref(parameter.schema));
  return said.length ? said.map((text) => h("span", {class: "bound"}, text)) : null;
}

// One condition: column, operator, value.
class Condition {
  constructor(form, columns, onChange, onRemove) {
    this.form = form;
    this.column = h("select", {"aria-label": "Column"}, columns.map(({name}) => h("option", {value: name}, name)));
    this.operator = h("select", {"aria-label": "Operator"});
    this.value = h("input", {type: "text", "aria-label": "Value", autocomplete: "off", spellcheck: "false"});
    this.columns = new Map(columns.map((column) => [column.name, column]));
    this.column.addEventListener("change", () => { this.fill(); onChange(); });
    this.operator.addEventListener("change", () => { this.hint(); onChange(); });
    this.element = h("div", {class: "condition"}, this.column, this.operator, this.value,
      h("button", {type: "button", class: "quiet small", "aria-label": "Remove this filter", onclick: () => { this.element.remove(); onRemove(this); }}, "✕"));
    this.fill();
  }

  fill() {
    const {operators} = this.columns.get(this.column.value);
    fill(this.operator, [...operators, ...operators.map((each) => `not.${each}`)]
      .map((each) => h("option", {value: each}, each)));
    this.hint();
  }

  hint() {
    const {schema} = this.columns.get(this.column.value);
    const operator = this.operator.value.replace("not.", "");
    const one = schema?.enum?.[0] ?? {boolean: "true", integer: "1", number: "1"}[[schema?.type].flat()[0]] ?? "";
    this.value.placeholder = {is: "null", in: `(${one || "a"},…)`, like: "*text*", ilike: "*text*"}[operator] ?? String(one);
  }

  get pair() {
    const value = this.value.value || (this.operator.value.endsWith("is") ? "null" : "");
    return value === "" ? null : [this.column.value, `${this.operator.value}.${value}`];
  }
}

// ---- the request ----

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

// Odd characters escaped, those that the grammar lives by left readable.
const escaped = (text) => encodeURIComponent(text).replace(/%(2C|3A|28|29|2A|22|7B|7D)/gi, (all, hex) =>
  hex === "22" || hex === "7B" || hex === "7D" ? all : String.fromCharCode(parseInt(hex, 16)));

export function curlOf(request) {
  const parts = ["curl", quoted(request.url.href)];
  if (request.method !== "GET") parts.splice(1, 0, "-X", request.method);
  for (const [name, value] of Object.entries(request.headers)) parts.push("-H", quoted(`${name}: ${value}`));
  if (request.body !== undefined) parts.push("--data-binary", quoted(request.body));
  return parts.join(" ");
}

export class TryIt {
  constructor(api, operation) {
    this.api = api;
    this.operation = operation;
    this.inputs = [];     // {parameter, control}
    this.conditions = [];
    this.curl = h("code", {});
    this.answer = h("section", {class: "answer", "aria-label": "Answer"});
    this.element = h("section", {class: "try", id: "try", tabindex: "-1", "aria-labelledby": "try-title"},
      h("h2", {id: "try-title"}, "Try it"), this.#form(), this.#curlBox(), this.answer);
    this.refresh();
  }

  #curlBox() {
    return h("div", {class: "curl"}, h("pre", {tabindex: "0", "aria-label": "The same by curl"}, this.curl),
      copyButton("Copy", () => this.curl.textContent));
  }

  #form() {
    const parameters = this.api.parameters(this.operation);
    const filters = parameters.filter((each) => each.schema.$ref?.startsWith(FILTER));
    const others = parameters.filter((each) => !filters.includes(each));
    const first = others.filter((each) => each.in === "path" || each.required);
    const usual = others.filter((each) => !first.includes(each) && ["select", "order", "limit", "cursor"].includes(each.name));
    const rare = others.filter((each) => !first.includes(each) && !usual.includes(each));
    this.send = h("button", {type: "submit", class: `send ${this.operation.method}`}, `Send ${this.operation.method.toUpperCase()}`);
    return h("form", {onsubmit: (event) => { event.preventDefault(); this.run(); }, oninput: () => this.refresh()},
      first.map((each) => this.#field(each)), filters.length ? this.#filters(filters) : null,
      usual.map((each) => this.#field(each)), this.#body(), this.#more(rare),
      h("div", {class: "actions"}, this.send));
  }

  #field(parameter) {
    const input = control(this.api, parameter);
    this.inputs.push({parameter, control: input});
    const label = [parameter.name, parameter.required ? h("span", {class: "mark"}, "required") : null,
      parameter.in === "header" ? h("span", {class: "mark"}, "header") : null];
    return labelled(label, input, noteOf(this.api, parameter));
  }

  #more(parameters) {
    const types = this.api.answerTypes(this.operation);
    if (!parameters.length && types.length < 2) return null;
    this.accept = types.length > 1 ? choice(types, true) : null;
    return h("details", {class: "more"}, h("summary", {}, "More"),
      parameters.map((each) => this.#field(each)), this.accept ? labelled("Accept", this.accept, "The form of the answer.") : null);
  }

  #filters(parameters) {
    const row = this.api.rowSchema(this.operation.tag);
    const columns = parameters.map((each) => ({name: each.name, operators: this.api.deref(each.schema)["x-operators"],
      schema: row?.properties?.[each.name]}));
    const list = h("div", {class: "conditions"});
    const add = () => {
      const condition = new Condition(this, columns, () => this.refresh(), (gone) => {
        this.conditions = this.conditions.filter((each) => each !== gone);
        this.refresh();
        button.focus();
      });
      this.conditions.push(condition);
      list.append(condition.element);
      return condition;
    };
    const button = h("button", {type: "button", class: "quiet small", onclick: () => { add().column.focus(); this.refresh(); }}, "Add a filter");
    return h("fieldset", {}, h("legend", {}, "Filters"), list, button);
  }

  #body() {
    const content = this.api.body(this.operation)?.content;
    if (!content) return null;
    const types = Object.keys(content).filter((type) => type !== "application/x-www-form-urlencoded");
    this.type = choice(types, true);
    this.body = h("textarea", {rows: "8", spellcheck: "false"}, sample(this.api, content[types[0]].schema));
    return h("div", {}, labelled("Body", this.body), labelled("Content-Type", this.type));
  }

  // What the form says now.
  request() {
    let path = this.operation.path.slice(1);
    const query = [], headers = {};
    for (const {parameter, control: input} of this.inputs) {
      const value = input.value.trim();
      if (parameter.in === "path") path = path.replace(`{${parameter.name}}`, encodeURIComponent(value).replaceAll("%2C", ",") || `{${parameter.name}}`);
      else if (value && parameter.in === "query") query.push([parameter.name, value]);
      else if (value) headers[parameter.name] = value;
    }
    query.unshift(...this.conditions.map((each) => each.pair).filter(Boolean));
    if (this.accept && this.accept.selectedIndex > 0) headers.Accept = this.accept.value;
    if (this.body) headers["Content-Type"] = this.type.value;
    const url = new URL(path, this.api.base);
    url.search = query.map(([name, value]) => `${escaped(name)}=${escaped(value)}`).join("&");
    return {method: this.operation.method.toUpperCase(), url, headers, ...(this.body ? {body: this.body.value} : {})};
  }

  refresh() {
    this.curl.textContent = curlOf(this.request());
  }

  async run() {
    const {method, url, headers, body} = this.request();
    const began = performance.now();
    this.send.disabled = true;
    fill(this.answer, h("p", {class: "loading"}, "Waiting for the answer…"));
    try {
      const response = await fetch(url, {method, headers, body, credentials: "omit", cache: "no-store"});
      const text = await response.text();
      this.#show(response, text, performance.now() - began);
    } catch (error) {
      fill(this.answer, h("p", {class: "problem"}, `No answer: ${error.message}`));
      announce("No answer");
    } finally {
      this.send.disabled = false;
    }
  }

  #show(response, text, took_ms) {
    const kind = response.ok ? "good" : "bad";
    const shown = text.length > SHOWN_BYTES_MAX ? text.slice(0, SHOWN_BYTES_MAX) : text;
    const json = /json/.test(response.headers.get("content-type") || "") && !/ndjson/.test(response.headers.get("content-type"));
    fill(this.answer,
      h("p", {class: "status"}, h("strong", {class: kind}, `${response.status} ${response.statusText}`),
        h("span", {}, `${took_ms.toFixed(took_ms < 10 ? 1 : 0)} ms`), h("span", {}, `${new TextEncoder().encode(text).length.toLocaleString("en")} bytes`),
        ...this.#pages(response, text), copyButton("Copy", () => text)),
      h("details", {}, h("summary", {}, "Headers"), h("pre", {tabindex: "0", class: "headers"},
        [...response.headers].map(([name, value]) => `${name}: ${value}`).join("\n"))),
      text ? (json ? jsonView(shown) : h("pre", {tabindex: "0"}, shown)) : h("p", {class: "loading"}, "No body."),
      shown.length < text.length ? h("p", {class: "loading"}, "The rest is not shown.") : null);
    this.answer.scrollIntoView({block: "nearest"});
    announce(`Answered with ${response.status} ${response.statusText}`);
  }

  // Buttons for the pages that the answer names a cursor for.
  #pages(response, text) {
    const cursor = this.inputs.find(({parameter}) => parameter.name === "cursor");
    const schema = this.api.responses(this.operation).find(([status]) => status === "200")?.[1].content?.["application/json"]?.schema;
    if (!cursor || !response.ok || !schema?.properties || this.accept?.selectedIndex > 0) return [];
    const body = JSON.parse(text);
    const labels = {prev: "Page before", next: "Next page"};
    return Object.entries(labels).flatMap(([word, label]) => {
      const [name] = Object.entries(schema.properties).find(([, member]) => member["x-cursor"] === word) || [];
      if (!name || typeof body[name] !== "string") return [];
      return [h("button", {type: "button", class: "quiet small", onclick: () => {
        cursor.control.value = body[name];
        this.refresh();
        this.run();
      }}, label)];
    });
  }
}
