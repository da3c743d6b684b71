// Azure's route templates: `products/{category:alpha}/{id:int?}`, `{*rest}`.
'use strict';

const CONSTRAINTS = {
  int: '-?\\d+', long: '-?\\d+', alpha: '[A-Za-z]+', bool: '(?:[Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee])', decimal: '-?\\d+(?:\\.\\d+)?',
  double: '-?\\d+(?:\\.\\d+)?', float: '-?\\d+(?:\\.\\d+)?', guid: '[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}',
};
const PARAMETER = /\{(\*?)(\w+)((?::[^{}?=]+)*)(\?|=[^{}]*)?\}/g;
const escape = text => text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');

class Route {
  constructor(template) {
    this.names = [];
    this.defaults = {};
    this.literals = 0; // segments without a parameter: the more, the earlier a route is tried
    const trimmed = template.replace(/^\/+|\/+$/g, '');
    this.isWholeApp = trimmed.startsWith('{*');
    let pattern = '';
    for (const segment of trimmed.split('/')) {
      const [part, isOptional] = this.#segment(segment);
      const slash = pattern === '' ? '' : '\\/';
      pattern += isOptional ? `(?:${slash}${part})?` : slash + part;
    }
    this.pattern = new RegExp(`^${pattern}\\/?$`, 'i');
  }

  #segment(segment) {
    let pattern = '';
    let at = 0;
    let isOptional = false;
    for (const found of segment.matchAll(PARAMETER)) {
      const [whole, rest, name, constraints, ending] = found;
      const known = constraints.split(':').map(one => CONSTRAINTS[one]).find(one => one !== undefined);
      pattern += `${escape(segment.slice(at, found.index))}(${rest ? '.*' : (known ?? '[^/]+')})`;
      isOptional ||= rest !== '' || ending !== undefined;
      this.names.push(name);
      if (ending?.startsWith('=')) this.defaults[name] = ending.slice(1);
      at = found.index + whole.length;
    }
    if (at === 0) this.literals += 1;
    return [pattern + escape(segment.slice(at)), isOptional && at === segment.length];
  }

  // The parameters of a percent-encoded path without its first slash; null when it is not of this route.
  match(path) {
    const found = this.pattern.exec(path);
    if (found === null) return null;
    const params = { ...this.defaults };
    this.names.forEach((name, index) => {
      const value = found[index + 1];
      if (value) params[name] = decode(value);
    });
    return params;
  }
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

module.exports = { Route };
