// What happened, for people: a line an event, times as they read them.
import type { OperationResult } from '../../../protocol/index.ts'
import { hanging, type Page } from './page.ts'
import { clockTime, localTime } from './time.ts'

export function eventsFace(result: OperationResult<'events'>, page: Page): readonly string[] {
  const { events, summary, more, next } = result
  if (events.length === 0) return ['Nothing happened.']
  const lines = summary.flatMap((text, i) => storyLines(text, events[i]?.at ?? '', page))
  return more ? [...lines, page.paint('quiet', `more: --since ${next ?? ''} or --limit N`)] : lines
}

/** The story of an event begins with its time, for machines. */
export function storyLines(text: string, at: string, page: Page): readonly string[] {
  const rest = text.startsWith(at) ? text.slice(at.length).trimStart() : text
  const time = timeOf(at, page)
  const [first = '', ...more] = hanging(`${time}  ${rest}`, time.length + 2, page)
  return [first.replace(time, page.paint('quiet', time)), ...more]
}

/** With seconds where it was today: events come close to each other. */
function timeOf(at: string, page: Page): string {
  const day = localTime(at, page.nowMs)
  return day.length === CLOCK_LENGTH ? clockTime(at) : day
}

const CLOCK_LENGTH = '19:14'.length

export function exportFace({ lines }: OperationResult<'audit/export'>): readonly string[] {
  return lines
}
