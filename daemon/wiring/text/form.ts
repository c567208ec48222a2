// How a text is written down besides its content: byte order mark, line breaks, last line, indentation. An edit of a
// foreign file keeps all of it.

const MARK = '\ufeff'

export interface Form {
  readonly mark: '' | typeof MARK
  /** Of the first line; a text without one gets the plain form. */
  readonly lineBreak: '\n' | '\r\n'
  /** One level of indentation. */
  readonly indent: string
}

/** Of a new file. */
export const PLAIN: Form = { mark: '', lineBreak: '\n', indent: '  ' }

export function formOf(text: string): Form {
  const first = /\r?\n/.exec(text)?.[0]
  return {
    mark: text.startsWith(MARK) ? MARK : '',
    lineBreak: first === '\r\n' ? '\r\n' : '\n',
    indent: /\n([ \t]+)\S/.exec(text)?.[1] ?? PLAIN.indent,
  }
}

export function withoutMark(text: string): string {
  return text.startsWith(MARK) ? text.slice(MARK.length) : text
}

/** A text of ours, written with plain line breaks, in the form of another. */
export function inForm(text: string, { lineBreak }: Form): string {
  return lineBreak === '\n' ? text : text.replaceAll('\n', lineBreak)
}
