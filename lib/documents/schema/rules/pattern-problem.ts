/** What is wrong with an allowedPattern, and what to do: undefined when it is fit for use. */
export function patternProblem(pattern: string): { readonly message: string; readonly fix: string } | undefined {
  try {
    // Only tried, never used: whether it compiles.
    void new RegExp(pattern);
  } catch (error) {
    return {
      message: `is no regular expression (${error instanceof Error ? error.message : String(error)})`,
      fix: 'correct it',
    };
  }
  // The agent compiles patterns with Go's RE2, which knows neither of these and would refuse every value.
  if (/\(\?(?:[=!]|<[=!])|\\[1-9]|\\k</.test(pattern)) {
    return { message: "uses a look-around or a back reference, which the agent's RE2 lacks", fix: 'write it without' };
  }
  if (!isAnchored(pattern)) {
    return {
      message: 'is not anchored as a whole, and the agent matches anywhere in the value',
      fix: `write ^(${pattern.replace(/^\^/, '').replace(/\$$/, '')})$`,
    };
  }
  return undefined;
}

/** Whether every alternative of the pattern begins with ^ and ends with $: it starts and ends so, and no | stands outside parentheses. */
function isAnchored(pattern: string): boolean {
  if (!pattern.startsWith('^') || !/(?<!\\)(?:\\\\)*\$$/.test(pattern)) return false;
  let depth = 0;
  let inClass = false;
  for (let index = 0; index < pattern.length; index += 1) {
    const character = pattern[index];
    if (character === '\\') index += 1;
    else if (inClass) inClass = character !== ']';
    else if (character === '[') inClass = true;
    else if (character === '(') depth += 1;
    else if (character === ')') depth -= 1;
    else if (character === '|' && depth === 0) return false;
  }
  return true;
}
