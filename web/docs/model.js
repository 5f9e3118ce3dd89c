// SPDX-License-Identifier: Apache-2.0
// The OpenAPI document as the page needs it: prefixes, tags, operations with their references resolved.

const METHODS = ["get", "post", "put", "patch", "delete"];

// A name as the document's components spell it: "-2d" for each odd byte.
function componentName(name) {
  return Array.from(new TextEncoder().encode(name), (byte) => {
    const character = String.fromCharCode(byte);
    return /[A-Za-z0-9_]/.test(character) ? character : "-" + byte.toString(16).padStart(2, "0");
  }).join("");
}

export class ApiDocument {
  constructor(json, url) {
    this.json = json;
    this.base = new URL(".", url);
    this.prefixes = Object.entries(json["x-manners"] || {"": "plain"}).map(([prefix, manner]) => ({prefix, manner}));
    this.operations = Object.entries(json.paths).flatMap(([path, item]) => this.#operationsOf(path, item));
    this.tags = json.tags.map((tag) => ({...tag, operations: this.operations.filter((each) => each.tag === tag.name)}));
    this.byId = new Map(this.operations.map((operation) => [operation.id, operation]));
  }

  static async load(url) {
    const response = await fetch(url);
    if (!response.ok) throw new Error(`${url.pathname} was answered with ${response.status}.`);
    return new ApiDocument(await response.json(), url);
  }

  #operationsOf(path, item) {
    const under = this.prefixes.filter(({prefix}) => path.startsWith(prefix + "/"));
    const {prefix, manner} = under.sort((a, b) => b.prefix.length - a.prefix.length)[0] || {prefix: "", manner: "plain"};
    return METHODS.filter((method) => item[method]).map((method) => ({
      id: item[method].operationId, method, path, prefix, manner, below: path.slice(prefix.length), tag: item[method].tags[0],
      summary: item[method].summary, description: item[method].description, item, raw: item[method],
    }));
  }

  deref(thing) {
    if (!thing || !thing.$ref) return thing;
    return thing.$ref.slice(2).split("/").reduce((at, key) => at[key], this.json);
  }

  parameters(operation) {
    return [...(operation.item.parameters || []), ...(operation.raw.parameters || [])].map((each) => this.deref(each));
  }

  // [[status, response]…]
  responses(operation) {
    return Object.entries(operation.raw.responses).map(([status, response]) => [status, this.deref(response)]);
  }

  body(operation) {
    return operation.raw.requestBody || null;
  }

  // The forms an answer may have, the usual one first.
  answerTypes(operation) {
    const good = this.responses(operation).find(([status, response]) => status.startsWith("2") && response.content);
    return good ? Object.keys(good[1].content) : [];
  }

  rowSchema(tag) {
    return this.json.components.schemas[componentName(tag)] || null;
  }

  // The same operation below another prefix, or null.
  twin(operation, prefix) {
    return this.operations.find((each) => each.prefix === prefix && each.method === operation.method
      && each.below === operation.below) || null;
  }

  // What matches all words: tags, operations, columns. `prefix`: of the operations.
  search(text, prefix) {
    const asked = text.toLowerCase().split(/\s+/).filter(Boolean);
    const matches = (...texts) => asked.every((word) => texts.some((each) => (each || "").toLowerCase().includes(word)));
    const found = this.operations.filter((each) => each.prefix === prefix && matches(each.path, each.summary, each.method))
      .map((operation) => ({kind: operation.method, label: operation.path, href: `#/op/${encodeURIComponent(operation.id)}`}));
    for (const tag of this.tags)
      for (const column of Object.keys(this.rowSchema(tag.name)?.properties || {}))
        if (matches(`${tag.name}.${column}`))
          found.push({kind: "column", label: `${tag.name}.${column}`, href: `#/tag/${encodeURIComponent(tag.name)}`});
    return found;
  }
}
