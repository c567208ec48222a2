// The story of `skein demo`, a line or a few for each thing that happened: when, who, and what the daemons said to it.
import { unreachable } from '../../../protocol/index.ts'
import type { DemoEvent, Holder } from '../../demo/events.ts'
import type { Page, Style } from './page.ts'
import { quoted, symbolsOf } from './scope.ts'
import { clean, count, padding } from './text.ts'
import { widthOf } from './width.ts'
import { humanTimes, until } from './time.ts'

/** `  12.3  mara@studio   ` */
const TIME_WIDTH = 6
const WHO_WIDTH = 13
const MARGIN = TIME_WIDTH + 2 + WHO_WIDTH + 2
/** Narrower, and the words would stand in a column of their own. */
const TEXT_WIDTH_MIN = 30
const TEXT_WIDTH_MAX = 100

interface Said {
  readonly who: string
  readonly word?: readonly [Style, string]
  readonly text: string
  readonly more?: readonly string[]
}

/** @param seconds since the start */
export function demoLines(event: DemoEvent, seconds: number, page: Page): readonly string[] {
  if (event.kind === 'act') {
    const title = page.paint('strong', event.title)
    return ['', title, ...wrap(event.text, page.width).map((line) => page.paint('quiet', line)), '']
  }
  const { who, word, text, more = [] } = saidOf(event, page)
  const time = seconds.toFixed(1).padStart(TIME_WIDTH)
  const head = word === undefined ? '' : `${word[1]} `
  const [first = '', ...rest] = wrap(clean(`${head}${text}`), page.width - MARGIN)
  const painted =
    word === undefined ? first : page.paint(word[0], word[1]) + first.slice(word[1].length)
  const indent = ' '.repeat(MARGIN)
  return [
    `${page.paint('quiet', time)}  ${page.paint('strong', who)}${padding(who, WHO_WIDTH)}  ${painted}`,
    ...rest.map((line) => indent + line),
    ...more
      .flatMap((line) => wrap(clean(line), page.width - MARGIN - 2))
      .map((line) => `${indent}  ${page.paint('quiet', line)}`),
  ]
}

type Happened = Exclude<DemoEvent, { readonly kind: 'act' }>

function saidOf(event: Happened, page: Page): Said {
  switch (event.kind) {
    case 'claim.granted':
    case 'claim.refused':
    case 'claim.circle':
    case 'claim.queued':
      return claimSaid(event, page)
    case 'claim.unconfirmed':
    case 'claim.provisional':
    case 'claim.promoted':
    case 'claim.superseded':
      return splitSaid(event, page)
    case 'request.filed':
    case 'request.answered':
    case 'work.committed':
    case 'push.landed':
    case 'push.refused':
      return workSaid(event, page)
    case 'mesh.agreed':
      return agreedSaid(event)
    case 'audit.verified': {
      const events = count(event.events, 'event')
      const isWhole = event.ok ? 'its hash chain is whole' : 'ITS HASH CHAIN IS BROKEN'
      return { who: event.machine, text: `has logged ${events}, and ${isWhole}` }
    }
    case 'done':
      return { who: 'skein', word: ['good', 'Done'], text: totals(event) }
    default:
      return machineSaid(event)
  }
}

type Of<Kind extends DemoEvent['kind']> = Extract<DemoEvent, { readonly kind: Kind }>

function claimSaid(
  event: Of<'claim.granted' | 'claim.refused' | 'claim.circle' | 'claim.queued'>,
  page: Page,
): Said {
  const who = named(event)
  const what = symbolsOf(event.pattern, event.symbol === undefined ? [] : [event.symbol])
  switch (event.kind) {
    case 'claim.granted': {
      const waited =
        event.waited_s === undefined ? '' : ` after ${String(event.waited_s)} s in line`
      const beside = event.beside === undefined ? '' : `, beside ${event.beside.join('; ')}`
      const text = `${what}${waited}${beside}, ${fenceOf(event.fence)}: ${quoted(event.why)}`
      return { who, word: ['good', 'GRANTED'], text }
    }
    case 'claim.refused': {
      const [first] = event.options
      const next = first === undefined ? [] : [`it is told to try: ${first}`]
      const more = [...event.by.map((holder) => holderText(holder, page)), ...next]
      return { who, word: ['bad', 'REFUSED'], text: what, more }
    }
    case 'claim.circle':
      return { who, word: ['bad', 'REFUSED'], text: what, more: [event.message] }
    case 'claim.queued': {
      const more = event.behind.map((holder) => holderText(holder, page))
      return {
        who,
        word: ['warning', 'WAITS'],
        text: `${what}, place ${String(event.position)}`,
        more,
      }
    }
    default:
      return unreachable(event)
  }
}

function splitSaid(
  event: Of<'claim.unconfirmed' | 'claim.provisional' | 'claim.promoted' | 'claim.superseded'>,
  page: Page,
): Said {
  const who = named(event)
  switch (event.kind) {
    case 'claim.unconfirmed': {
      const text = `${event.pattern}, exit ${String(event.exit)} after ${String(event.seconds)} s`
      const more = [humanTimes(event.message, page.nowMs)]
      return { who, word: ['bad', 'NOTHING GRANTED'], text, more }
    }
    case 'claim.provisional': {
      const text = `${event.pattern}, no fence: noted here, settled later`
      return { who, word: ['warning', 'PROVISIONAL'], text }
    }
    case 'claim.promoted': {
      const text = `${event.pattern} under the id of the note, ${fenceOf(event.fence)}`
      return { who, word: ['good', 'GRANTED'], text }
    }
    case 'claim.superseded': {
      const more = [humanTimes(event.message, page.nowMs), event.hint]
      return { who, word: ['bad', 'LOST'], text: event.pattern, more }
    }
    default:
      return unreachable(event)
  }
}

function workSaid(
  event: Of<
    'request.filed' | 'request.answered' | 'work.committed' | 'push.landed' | 'push.refused'
  >,
  page: Page,
): Said {
  const who = named(event)
  switch (event.kind) {
    case 'request.filed':
      return { who, text: `asks ${event.holder} for ${event.pattern}: ${quoted(event.reason)}` }
    case 'request.answered': {
      const text = `${event.decision}: keeps ${event.pattern}. To ${event.to}: ${quoted(event.note)}`
      return { who, text }
    }
    case 'work.committed':
      return { who, text: `commits ${event.commit} in ${event.path}: ${quoted(event.message)}` }
    case 'push.landed':
      return { who, word: ['good', 'PUSHED'], text: `${event.commit} to ${event.branch}` }
    case 'push.refused': {
      const more = [humanTimes(event.message, page.nowMs)]
      return { who, word: ['bad', 'PUSH REFUSED'], text: `exit ${String(event.exit)}`, more }
    }
    default:
      return unreachable(event)
  }
}

function machineSaid(
  event: Of<
    | 'machine.started'
    | 'machine.invited'
    | 'machine.joined'
    | 'mesh.ready'
    | 'network.cut'
    | 'network.healed'
    | 'machine.knows'
    | 'machine.back'
  >,
): Said {
  switch (event.kind) {
    case 'machine.started':
      return { who: event.machine, text: `runs a daemon, process ${String(event.pid)}` }
    case 'machine.invited':
      return { who: event.by, text: `invites ${event.machine}` }
    case 'machine.joined':
      return { who: event.machine, text: `has joined the mesh of ${event.by}` }
    case 'mesh.ready': {
      const voters = event.voters.join(', ')
      const text = `${voters} decide together on ${event.repo}; ${event.leader} leads term ${String(event.term)}`
      return { who: 'mesh', text }
    }
    case 'network.cut':
      return { who: 'network', text: `${event.others.join(' ── ')}     ╳     ${event.machine}` }
    case 'network.healed':
      return { who: 'network', text: `${event.machine} is connected again` }
    case 'machine.knows': {
      const claims = `${count(event.claims, 'claim')}, up to record ${String(event.index)}`
      const quorum = event.quorum ? 'believes it has a majority' : 'knows that it has no majority'
      return { who: event.machine, text: `${quorum}; it still lists what it knew: ${claims}` }
    }
    case 'machine.back': {
      const leader = `${event.leader ?? 'nobody'} leads term ${String(event.term)}`
      return { who: event.machine, text: `is back after ${String(event.seconds)} s; ${leader}` }
    }
    default:
      return unreachable(event)
  }
}

function agreedSaid({ machines, claims }: Of<'mesh.agreed'>): Said {
  const rows = claims.map(({ agent, machine, pattern, symbols, fence }) => ({
    who: `${agent}@${machine}`,
    what: symbolsOf(pattern, symbols),
    fence: fenceOf(fence),
  }))
  const width = Math.max(0, ...rows.map(({ what }) => widthOf(what)))
  const more = rows.map(
    ({ who, what, fence }) =>
      `${who}${padding(who, WHO_WIDTH)}  ${what}${padding(what, width)}  ${fence}`,
  )
  const text = `${machines.join(', ')} list the same ${count(claims.length, 'claim')}:`
  return { who: 'mesh', text, more }
}

function totals(event: Of<'done'>): string {
  const facts = [
    `${String(event.granted)} grants`,
    `${String(event.refused)} refusals`,
    `${String(event.waited)} of the grants after a wait`,
    `${String(event.provisional)} notes without a majority`,
    `${String(event.pushed)} pushes landed`,
  ]
  return `in ${String(event.seconds)} s: ${facts.join(', ')}.`
}

function named({ agent, machine }: { readonly agent: string; readonly machine: string }): string {
  return `${agent}@${machine}`
}

function fenceOf(fence: number | null): string {
  return fence === null ? 'no fence' : `fence ${String(fence)}`
}

function holderText(holder: Holder, { nowMs }: Page): string {
  const why = quoted(holder.why)
  return `${named(holder)} holds ${holder.pattern} until ${until(holder.until, nowMs)}: ${why}`
}

/** At spaces only: what is longer than a line stays whole. Rows of a table keep their gaps. */
function wrap(text: string, width: number): readonly string[] {
  const most = Math.min(TEXT_WIDTH_MAX, Math.max(TEXT_WIDTH_MIN, width))
  if (!Number.isFinite(width) || widthOf(text) <= most) return [text]
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && widthOf(line) + 1 + widthOf(word) > most) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}
