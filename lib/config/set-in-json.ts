/** Where a member of a JSON object stands in its text: offsets, the end past the last character. */
interface Member {
  readonly name: string;
  readonly valueStart: number;
  readonly valueEnd: number;
}

/** Where an object stands in its text, with its members. */
interface Span {
  readonly start: number;
  readonly end: number;
  readonly members: readonly Member[];
}

/**
 * Sets one text in a JSON file and leaves everything else of it as it was written: order, spaces, line ends. `path` names the members
 * on the way; those that are missing are made. Throws when the text is no JSON object, or something on the way is none.
 */
export function setInJson(text: string, path: readonly string[], value: string): string {
  JSON.parse(text);
  const changed = setIn(text, skipSpace(text, 0), path, value);
  JSON.parse(changed);
  return changed;
}

function setIn(text: string, start: number, path: readonly string[], value: string): string {
  const [name, ...rest] = path;
  if (name === undefined) throw new Error('the path must have a member');
  if (text[start] !== '{') throw new Error(`'${name}' can only be set in an object`);
  const object = objectAt(text, start);
  // Of several members with one name JSON.parse takes the last.
  const member = object.members.findLast((candidate) => candidate.name === name);
  if (member === undefined) return withMember(text, object, name, nested(rest, value));
  if (rest.length > 0) return setIn(text, member.valueStart, rest, value);
  return text.slice(0, member.valueStart) + JSON.stringify(value) + text.slice(member.valueEnd);
}

function nested(path: readonly string[], value: string): string {
  return path.reduceRight((inside, name) => `{ ${JSON.stringify(name)}: ${inside} }`, JSON.stringify(value));
}

function withMember(text: string, object: Span, name: string, value: string): string {
  const member = `${JSON.stringify(name)}: ${value}`;
  const last = object.members.at(-1);
  if (last === undefined) return `${text.slice(0, object.start)}{ ${member} }${text.slice(object.end)}`;
  // A new member stands as the first one does: on a line of its own with the same indentation, or on the same line.
  const first = skipSpace(text, object.start + 1);
  const space = text.slice(object.start + 1, first);
  const separator = space === '' || space.includes('\n') ? space : ' ';
  return `${text.slice(0, last.valueEnd)},${separator}${member}${text.slice(last.valueEnd)}`;
}

function objectAt(text: string, start: number): Span {
  const members: Member[] = [];
  let place = skipSpace(text, start + 1);
  while (text[place] !== '}') {
    const nameEnd = stringEnd(text, place);
    const name: unknown = JSON.parse(text.slice(place, nameEnd));
    // Past the colon.
    const valueStart = skipSpace(text, skipSpace(text, nameEnd) + 1);
    const valueEnd = endOf(text, valueStart);
    members.push({ name: String(name), valueStart, valueEnd });
    place = skipSpace(text, valueEnd);
    if (text[place] === ',') place = skipSpace(text, place + 1);
  }
  return { start, end: place + 1, members };
}

/** Where the value that begins here ends; the text is known to be JSON. */
function endOf(text: string, start: number): number {
  const first = text[start];
  if (first === '"') return stringEnd(text, start);
  if (first !== '{' && first !== '[') {
    let place = start;
    while (place < text.length && !/[\s,\]}]/.test(text[place] ?? '')) place += 1;
    return place;
  }
  let depth = 0;
  let place = start;
  for (;;) {
    const character = text[place];
    if (character === '"') {
      place = stringEnd(text, place);
      continue;
    }
    if (character === '{' || character === '[') depth += 1;
    if (character === '}' || character === ']') depth -= 1;
    place += 1;
    if (depth === 0) return place;
  }
}

function stringEnd(text: string, start: number): number {
  let place = start + 1;
  while (text[place] !== '"') place += text[place] === '\\' ? 2 : 1;
  return place + 1;
}

function skipSpace(text: string, start: number): number {
  let place = start;
  while (/\s/.test(text[place] ?? '')) place += 1;
  return place;
}
