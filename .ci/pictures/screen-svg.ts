// A screen of a terminal as a picture: its lines with the attributes that stand in them (SGR, ECMA-48 8.3.117) become an SVG in which
// every run of cells has its place, whatever font the reader has.

const CELL_WIDTH = 8.4
const LINE_HEIGHT = 18
const FONT_SIZE = 14
const MARGIN = 14
const BACKGROUND = '#14171d'
const TEXT = '#d7dce5'
/** The first eight colours, and the bright ones. */
const COLOURS = [
  ...['#2a2f3a', '#f07f80', '#83cd92', '#e8b96a', '#7fb0f0', '#c79bea', '#6cc7cf', '#d7dce5'],
  ...['#6b7484', '#ff9d9d', '#a3e3b0', '#f5cf8e', '#a4c8f8', '#dcb8f6', '#93dfe5', '#ffffff'],
]

interface Style {
  readonly colour: string | null
  readonly background: string | null
  readonly isBold: boolean
  readonly isDim: boolean
  readonly isUnderlined: boolean
  readonly isInverse: boolean
}

interface Run {
  readonly column: number
  readonly text: string
  readonly style: Style
}

const PLAIN: Style = {
  ...{ colour: null, background: null },
  ...{ isBold: false, isDim: false, isUnderlined: false, isInverse: false },
}

/**
 * @param lines with escape sequences for attributes and no others; every character is one cell wide.
 * @param title what is on it, for whoever does not see it.
 */
export function screenSvg(lines: readonly string[], columns: number, title: string): string {
  const width = (columns * CELL_WIDTH + 2 * MARGIN).toFixed(0)
  const height = lines.length * LINE_HEIGHT + 2 * MARGIN
  let style = PLAIN
  const drawn = lines.flatMap((line, row) => {
    const read = runsOf(line, style)
    style = read.style
    return read.runs.map((run) => drawRun(run, row))
  })
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${String(height)}" viewBox="0 0 ${width} ${String(height)}" role="img" font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace" font-size="${String(FONT_SIZE)}">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="100%" height="100%" rx="8" fill="${BACKGROUND}"/>`,
    `<g fill="${TEXT}">`,
    ...drawn.filter((text) => text !== ''),
    '</g>',
    '</svg>',
  ].join('\n')}\n`
}

function runsOf(line: string, before: Style): { runs: readonly Run[]; style: Style } {
  const runs: Run[] = []
  let style = before
  let column = 0
  for (const part of line.split(/(\u001b\[[\d;]*m)/)) {
    const codes = /^\u001b\[([\d;]*)m$/.exec(part)?.[1]
    if (codes !== undefined) style = withCodes(style, codes.split(';').map(Number))
    else if (part !== '') {
      runs.push({ column, text: part, style })
      column += [...part].length
    }
  }
  return { runs, style }
}

function withCodes(before: Style, codes: readonly number[]): Style {
  return codes.reduce<Style>((style, code) => {
    if (code >= 30 && code <= 37) return { ...style, colour: COLOURS[code - 30] ?? null }
    if (code >= 90 && code <= 97) return { ...style, colour: COLOURS[code - 82] ?? null }
    if (code >= 40 && code <= 47) return { ...style, background: COLOURS[code - 40] ?? null }
    switch (code) {
      case 0:
        return PLAIN
      case 1:
        return { ...style, isBold: true }
      case 2:
        return { ...style, isDim: true }
      case 4:
        return { ...style, isUnderlined: true }
      case 7:
        return { ...style, isInverse: true }
      case 22:
        return { ...style, isBold: false, isDim: false }
      case 24:
        return { ...style, isUnderlined: false }
      case 27:
        return { ...style, isInverse: false }
      case 39:
        return { ...style, colour: null }
      case 49:
        return { ...style, background: null }
      default:
        throw new Error(`an attribute that no board uses: ${String(code)}`)
    }
  }, before)
}

function drawRun({ column, text, style }: Run, row: number): string {
  const { isBold, isDim, isUnderlined, isInverse } = style
  const front = isInverse ? (style.background ?? BACKGROUND) : style.colour
  const back = isInverse ? (style.colour ?? TEXT) : style.background
  const cells = [...text].length
  const x = MARGIN + column * CELL_WIDTH
  const y = MARGIN + row * LINE_HEIGHT
  const box = back === null ? '' : rect(x, y, cells, LINE_HEIGHT, back)
  const line = isUnderlined ? rect(x, y + LINE_HEIGHT - 2, cells, 0.6, front ?? TEXT) : ''
  const look = { front, isBold, isDim }
  // Of several spaces in a row a picture keeps one: what stands behind them gets a place of its own.
  const parts = [...text.matchAll(/\S+(?: \S+)*/g)].map(({ 0: part, index }) => {
    const before = [...text.slice(0, index)].length
    return words(part, x + before * CELL_WIDTH, y + FONT_SIZE - 0.5, look)
  })
  return box + line + parts.join('')
}

function rect(x: number, y: number, cells: number, height: number, fill: string): string {
  const width = (cells * CELL_WIDTH).toFixed(1)
  return `<rect x="${x.toFixed(1)}" y="${y.toFixed(1)}" width="${width}" height="${String(height)}" fill="${fill}"/>`
}

interface Look {
  readonly front: string | null
  readonly isBold: boolean
  readonly isDim: boolean
}

function words(text: string, x: number, y: number, { front, isBold, isDim }: Look): string {
  const length = ([...text].length * CELL_WIDTH).toFixed(1)
  const looks = [
    front === null ? '' : ` fill="${front}"`,
    isBold ? ' font-weight="700"' : '',
    isDim ? ' opacity=".62"' : '',
  ]
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" textLength="${length}"${looks.join('')}>${escaped(text)}</text>`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
