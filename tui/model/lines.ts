// A line of the screen: texts with a tone each. What a tone looks like is said once, with colours and without.

export type Tone =
  'plain' | 'strong' | 'quiet' | 'good' | 'warning' | 'bad' | 'chosen' | 'alarm' | 'head'

export interface Span {
  readonly text: string
  readonly tone: Tone
}

export type Line = readonly Span[]

/** Select Graphic Rendition (ECMA-48): attributes say everything; colours only underline it. */
const COLOURFUL: Readonly<Record<Tone, string>> = {
  plain: '',
  strong: '1',
  quiet: '2',
  good: '32',
  warning: '1;33',
  bad: '1;31',
  chosen: '7',
  alarm: '1;7;31',
  head: '2;4',
}
/** NO_COLOR asks for no colour; bold, dim and inverse are none. */
const PLAIN: Readonly<Record<Tone, string>> = {
  ...COLOURFUL,
  good: '',
  warning: '1',
  bad: '1',
  alarm: '1;7',
}

export type Paint = (line: Line) => string

export function painter(isColourful: boolean): Paint {
  const codes = isColourful ? COLOURFUL : PLAIN
  return (line) =>
    line
      .map(({ text, tone }) => {
        const code = codes[tone]
        return code === '' || text === '' ? text : `\u001b[${code}m${text}\u001b[0m`
      })
      .join('')
}

export function span(text: string, tone: Tone = 'plain'): Span {
  return { text, tone }
}

export function textOf(line: Line): string {
  return line.map(({ text }) => text).join('')
}

/** Every part of it as chosen: the eye follows one bar. */
export function chosen(line: Line): Line {
  return [span(textOf(line), 'chosen')]
}
