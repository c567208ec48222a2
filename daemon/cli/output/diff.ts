// The difference of two texts as `diff -u` and git write it, so that people, pagers and `git apply` can read it.
import type { FileChange } from '../setup.ts'
import type { Paint, Style } from './page.ts'
import { clean } from './text.ts'

const CONTEXT = 3
/** Of the table below; larger differences are shown as one replaced piece. */
const CELLS_MAX = 4_000_000

/** @returns lines without line breaks. */
export function diffOf(
  { shown, before, after, mode }: FileChange,
  paint: Paint,
): readonly string[] {
  const [from, to] = [linesOf(before), linesOf(after)]
  const name = shown.replace(/^\//, '')
  const bits = (mode & 0o100) === 0 ? '100644' : '100755'
  const heads = [
    `diff --git a/${name} b/${name}`,
    ...(before === null ? [`new file mode ${bits}`] : []),
    ...(after === null ? [`deleted file mode ${bits}`] : []),
    before === null ? '--- /dev/null' : `--- a/${name}`,
    after === null ? '+++ /dev/null' : `+++ b/${name}`,
  ]
  const body = hunks(compare(from, to)).flatMap(({ head, lines }) => [
    paint('quiet', head),
    ...lines.flatMap((line) => printLine(line, paint)),
  ])
  return [...heads.map((head) => paint('strong', clean(head))), ...body]
}

interface Line {
  readonly sign: ' ' | '-' | '+'
  /** With its line break, where it has one. */
  readonly text: string
}

const STYLES: Readonly<Record<Line['sign'], Style | null>> = { ' ': null, '-': 'bad', '+': 'good' }

/** Of the pass that hooks show: a terminal keeps what it is shown. */
const SECRET = /\b(skein_h_[0-9a-f]{16}_)[0-9a-f]{64}\b/g

function printLine({ sign, text }: Line, paint: Paint): readonly string[] {
  const style = STYLES[sign]
  const shown = sign + text.replace(/\n$/, '').replace(SECRET, '$1…')
  const line = style === null ? shown : paint(style, shown)
  return text.endsWith('\n') ? [line] : [line, '\\ No newline at end of file']
}

function linesOf(bytes: Uint8Array | null): readonly string[] {
  if (bytes === null) return []
  return Buffer.from(bytes)
    .toString('utf8')
    .split(/(?<=\n)/)
    .filter((line) => line !== '')
}

/** What is alike at both ends first: our edits are small pieces in large files. */
function compare(from: readonly string[], to: readonly string[]): readonly Line[] {
  let start = 0
  while (start < Math.min(from.length, to.length) && from[start] === to[start]) start++
  let end = 0
  const rest = Math.min(from.length, to.length) - start
  while (end < rest && from.at(-1 - end) === to.at(-1 - end)) end++
  const same = (text: string): Line => ({ sign: ' ', text })
  return [
    ...from.slice(0, start).map(same),
    ...middle(from.slice(start, from.length - end), to.slice(start, to.length - end)),
    ...from.slice(from.length - end).map(same),
  ]
}

/** The longest common subsequence, by the textbook's table. */
function middle(from: readonly string[], to: readonly string[]): readonly Line[] {
  const gone = from.map((text): Line => ({ sign: '-', text }))
  const come = to.map((text): Line => ({ sign: '+', text }))
  if (from.length * to.length > CELLS_MAX) return [...gone, ...come]
  const width = to.length + 1
  const lengths = new Uint32Array((from.length + 1) * width)
  const at = (i: number, j: number): number => lengths[i * width + j] ?? 0
  for (let i = from.length - 1; i >= 0; i--) {
    for (let j = to.length - 1; j >= 0; j--) {
      lengths[i * width + j] =
        from[i] === to[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
    }
  }
  const lines: Line[] = []
  let [i, j] = [0, 0]
  while (i < from.length || j < to.length) {
    const [left, right] = [gone[i], come[j]]
    if (left !== undefined && right !== undefined && left.text === right.text) {
      lines.push({ sign: ' ', text: left.text })
      i++
      j++
    } else if (left !== undefined && (right === undefined || at(i + 1, j) >= at(i, j + 1))) {
      lines.push(left)
      i++
    } else if (right !== undefined) {
      lines.push(right)
      j++
    }
  }
  return lines
}

interface Hunk {
  readonly head: string
  readonly lines: readonly Line[]
}

/** Changes with three lines around them; two that are close are one. */
function hunks(lines: readonly Line[]): readonly Hunk[] {
  const changed = lines.flatMap(({ sign }, i) => (sign === ' ' ? [] : [i]))
  const ranges: { start: number; end: number }[] = []
  for (const i of changed) {
    const last = ranges.at(-1)
    const [start, end] = [Math.max(0, i - CONTEXT), Math.min(lines.length, i + CONTEXT + 1)]
    if (last !== undefined && start <= last.end) last.end = end
    else ranges.push({ start, end })
  }
  return ranges.map(({ start, end }) => {
    const inside = lines.slice(start, end)
    const before = lines.slice(0, start)
    return {
      head: `@@ -${range(before, inside, '+')} +${range(before, inside, '-')} @@`,
      lines: inside,
    }
  })
}

function range(before: readonly Line[], inside: readonly Line[], other: Line['sign']): string {
  const count = inside.filter(({ sign }) => sign !== other).length
  const start = before.filter(({ sign }) => sign !== other).length
  return `${String(count === 0 ? start : start + 1)},${String(count)}`
}
