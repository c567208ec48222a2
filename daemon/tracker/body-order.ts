// `## Work order`: a list of issues. An item may say of itself `group: NAME` and `after: #12, NAME`. Numbered items that do not say
// what they come after follow those before them, but for those of their own group; other items follow nothing.
import { plain, readAt } from './body-refs.ts'

/** An issue, and those that come before it. */
export interface Ordered {
  readonly number: number
  readonly after: readonly number[]
}

interface Item {
  readonly number: number
  readonly isNumbered: boolean
  readonly group: string | null
  /** Null: it does not say. */
  readonly after: { readonly numbers: readonly number[]; readonly groups: readonly string[] } | null
}

const ITEMS_MAX = 100
const AFTER_MAX = 50
const ITEM = /^\s*(?:(\d{1,9})[.)]|[-*+])\s+(?:\[[ xX]\]\s+)?(.*)$/
const GROUP = /\bgroup\s*[:=]\s*"?([\w.-]{1,50})/i
const AFTER = /\bafter\b\s*([:=])?/gi
/** Not what is a key itself: `after: a, group: b`. */
const NAME = /[\s,;&+"]*(?:and\s+)?(?!and\b)([\w.-]{1,50})(?![\w.-]|\s*[:=])"?/iy

export function readOrder(lines: readonly string[]): readonly Ordered[] {
  const items = lines.flatMap((line) => readItem(plain(line)) ?? []).slice(0, ITEMS_MAX)
  const groups = new Map<string, number[]>()
  for (const { number, group } of items) {
    if (group !== null) groups.set(group, [...(groups.get(group) ?? []), number])
  }
  return items.map((item, at) => {
    const { number, after } = item
    const before =
      after === null
        ? stageBefore(items, at)
        : [...after.numbers, ...after.groups.flatMap((group) => groups.get(group) ?? [])]
    const others = [...new Set(before)].filter((each) => each !== number)
    return { number, after: others.slice(0, AFTER_MAX) }
  })
}

function readItem(line: string): Item | null {
  const [, digits, text] = ITEM.exec(line) ?? []
  if (text === undefined) return null
  const [, number] = /(?:^|[\s[(])#(\d{1,9})\b/.exec(text) ?? []
  if (number === undefined || Number(number) === 0) return null
  const group = GROUP.exec(text)?.[1]?.toLowerCase() ?? null
  return { number: Number(number), isNumbered: digits !== undefined, group, after: afterIn(text) }
}

function afterIn(text: string): Item['after'] {
  const numbers: number[] = []
  const groups: string[] = []
  let isSaid = false
  for (const match of text.matchAll(AFTER)) {
    let at = match.index + match[0].length
    for (;;) {
      const refs = readAt(text, at)
      numbers.push(...refs.numbers)
      at = refs.end
      isSaid ||= refs.numbers.length > 0
      // Without a sign behind it `after` is a word of a title.
      NAME.lastIndex = at
      const named = match[1] === undefined ? null : NAME.exec(text)
      if (named === null) break
      groups.push((named[1] ?? '').toLowerCase())
      at += named[0].length
      isSaid = true
    }
  }
  return isSaid ? { numbers, groups } : null
}

/** The items that a numbered one follows: the last group before its own, or the last item. */
function stageBefore(items: readonly Item[], at: number): readonly number[] {
  if (items[at]?.isNumbered !== true) return []
  const own = items[at].group
  let last = at - 1
  while (own !== null && items[last]?.group === own) last--
  const group = items[last]?.group ?? null
  const stage: number[] = []
  for (let each = items[last]; each !== undefined; each = items[--last]) {
    stage.push(each.number)
    if (group === null || items[last - 1]?.group !== group) break
  }
  return stage
}
