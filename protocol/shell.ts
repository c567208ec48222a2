// Words for a shell: commands that are shown to be typed, and scripts that are read again.

/** One word as a shell reads it back: bare where nothing in it means anything to a shell. */
export function shellQuote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : shellLiteral(word)
}

/** The same, always in quotes: a bare `A=b` or `if` would mean something in the first place of a command. */
export function shellLiteral(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`
}
