// Where claims meet, and what a person does about it.
import {
  covers,
  DAY_MS,
  NO_POLICY,
  parsePattern,
  sumRefusals,
  type HotspotTotal,
  type OperationInput,
  type OperationResult,
  iso,
} from '../../protocol/index.ts'
import type { View } from '../core/view.ts'
import { hostOf } from '../repos.ts'
import { submit } from '../submit.ts'
import { asOf, requirePerson, type Handler } from './context.ts'
import { promotedJson } from './owners.ts'
import { placePattern } from './scopes.ts'

type Hotspot = OperationResult<'hotspots'>['hotspots'][number]

const LISTED = 20
/** As coord has them: so often, and a file has too much in it; half as often, and it wants to be everybody's. */
const SPLIT_AT = 20
const PROMOTE_AT = 10

export const hotspots: Handler<OperationInput<'hotspots'>> = async (parts, input, context) => {
  const place = await parts.callers.place(input, context)
  const view = hostOf(place.repo).loop.view()
  const days = input.days ?? NO_POLICY.hotspots.windowDays
  const today = Math.floor(parts.clock.wall() / DAY_MS)
  const met = sumRefusals(view.state.refusals, today - days + 1).filter(
    ({ refused }) => refused >= (input.min ?? 1),
  )
  const listed = met.slice(0, input.limit ?? LISTED)
  const result: OperationResult<'hotspots'> = {
    days,
    hotspots: listed.map((total) => hotspotJson(view, total)),
    more: met.length - listed.length,
    as_of: asOf(place.repo),
  }
  return result
}

function hotspotJson(view: View, total: HotspotTotal): Hotspot {
  const { pattern, refused, agents, firstDay, lastDay } = total
  const asked = parsePattern(pattern, view)
  const shared = view.rules.now.shared.some(({ compiled }) => covers(compiled, asked))
  return {
    ...{ pattern, refused, agents },
    first_seen: iso(firstDay * DAY_MS).slice(0, 10),
    last_seen: iso(lastDay * DAY_MS).slice(0, 10),
    shared,
    ...adviceFor(refused, shared),
  }
}

function adviceFor(refused: number, shared: boolean): Pick<Hotspot, 'suggestion' | 'why'> {
  if (shared) return { suggestion: 'shared', why: 'claims of it are shared already' }
  if (refused >= SPLIT_AT)
    return { suggestion: 'split', why: 'too much is in one file: split it into modules' }
  if (refused >= PROMOTE_AT)
    return { suggestion: 'promote', why: 'many want it at once: let its claims be shared' }
  return { suggestion: 'monitor', why: 'not often enough to do anything' }
}

export const promote: Handler<OperationInput<'promote'>> = async (parts, input, context) => {
  requirePerson(parts, input, context)
  const place = await parts.callers.place(input, context)
  const host = hostOf(place.repo)
  const party = await parts.callers.party(input, context, place)
  const pattern = placePattern(input.pattern, place)
  await submit(host, { kind: 'promote', party, pattern, isPinned: input.permanent === true })
  const { promoted } = host.loop.view().state.policy
  return { pattern, promoted: promoted.map(promotedJson) } satisfies OperationResult<'promote'>
}

export const demote: Handler<OperationInput<'demote'>> = async (parts, input, context) => {
  requirePerson(parts, input, context)
  const place = await parts.callers.place(input, context)
  const host = hostOf(place.repo)
  const party = await parts.callers.party(input, context, place)
  const pattern = placePattern(input.pattern, place)
  await submit(host, { kind: 'demote', party, pattern })
  const { promoted } = host.loop.view().state.policy
  return { pattern, promoted: promoted.map(promotedJson) } satisfies OperationResult<'demote'>
}
