// Lines of man(7): texts of ours made safe for roff, in the macros that groff and mandoc both read.

/** A text in which `backquotes` mean bold, as lines that no macro can hide in. */
export function prose(text: string): string {
  return lines(
    text
      .split('`')
      .map((part, at) => (at % 2 === 0 || part === '' ? escape(part) : bold(part)))
      .join(''),
  )
}

/** As it is typed. */
export function bold(text: string): string {
  return `\\fB${escape(text)}\\fR`
}

/** As it is replaced. */
export function italic(text: string): string {
  return `\\fI${escape(text)}\\fR`
}

export function section(title: string): string {
  return `.SH ${quoted(title)}`
}

export function subsection(title: string): string {
  return `.SS ${quoted(title)}`
}

/** A term and what it means. @param term roff already */
export function tagged(term: string, ...paragraphs: readonly string[]): readonly string[] {
  return [
    '.TP',
    lines(term),
    ...paragraphs.flatMap((text, at) => [...(at === 0 ? [] : ['.IP']), text]),
  ]
}

/** As it stands, not filled. */
export function verbatim(all: readonly string[]): readonly string[] {
  return ['.PP', '.nf', '.RS 4', ...all.map((line) => lines(escape(line))), '.RE', '.fi']
}

export function quoted(text: string): string {
  return `"${escape(text).replaceAll('"', '\\(dq')}"`
}

function escape(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('`', '\\(ga')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti')
    .replaceAll('…', '...')
    .replaceAll('’', '\\(cq')
    .replace(/[^\x20-\x7e]/gu, (sign) => {
      const hex = (sign.codePointAt(0) ?? 0).toString(16).toUpperCase()
      return `\\[u${hex.padStart(4, '0')}]`
    })
}

/** A dot at its start would make a line a macro. */
function lines(text: string): string {
  return text.startsWith('.') ? `\\&${text}` : text
}
