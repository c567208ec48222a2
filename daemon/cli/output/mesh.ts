// The machines of the mesh.
import { isLoopback, type OperationResult } from '../../../protocol/index.ts'
import { pairs, table, type Column, type Page } from './page.ts'
import { count } from './text.ts'
import { relative, until } from './time.ts'

export function inviteFace(result: OperationResult<'invite'>, page: Page): readonly string[] {
  const only = result.addresses.every(isLoopback)
  const loopback = only
    ? [
        page.paint('warning', 'Only machines on this host can use it: it names loopback alone.'),
        `${page.paint('strong', 'Next:')} skein invite --address ADDR, with an address that the other machine reaches`,
        '',
      ]
    : []
  const foreign =
    result.foreign.length > 0
      ? [
          page.paint('warning', `Not of this machine now: ${result.foreign.join(', ')}.`),
          'Something has to forward it to the mesh port of this machine.',
          '',
        ]
      : []
  return [
    result.token,
    '',
    ...pairs(
      [
        ['role', result.role],
        ['good for', `one machine, until ${until(result.expires_at, page.nowMs)}`],
        ['dials', result.addresses.join(', ')],
      ],
      page,
    ),
    '',
    ...loopback,
    ...foreign,
    `It is a secret: whoever has it can join once. ${page.paint('strong', 'Next:')} on the other machine, skein join TOKEN`,
  ]
}

export function revokeFace({ revoked }: OperationResult<'invite/revoke'>): readonly string[] {
  return revoked.map((id) => `revoked: ${id}`)
}

export function invitationsFace(
  { invitations }: OperationResult<'invitations'>,
  page: Page,
): readonly string[] {
  if (invitations.length === 0)
    return ['No invitation is open.', `${page.paint('strong', 'Next:')} skein invite`]
  const rows = invitations.map(({ id, role, expires_at: end, by }) => [
    id,
    role,
    until(end, page.nowMs),
    by,
  ])
  return table(
    [
      { title: 'INVITATION', rank: null, style: 'strong' },
      { title: 'ROLE', rank: null },
      { title: 'GOOD UNTIL', rank: null },
      { title: 'BY', rank: 1 },
    ],
    rows,
    page,
  )
}

export function joinFace(result: OperationResult<'join'>, page: Page): readonly string[] {
  const { mesh, role, by, members, carried } = result
  const claims = carried.reduce((sum, repo) => sum + repo.claims, 0)
  return [
    `${page.paint('good', 'joined')} the mesh of ${members.join(', ')}, as a ${role}`,
    ...pairs(
      [
        ['mesh', mesh],
        ['invited by', by],
        [
          'carried',
          claims === 0
            ? null
            : `${count(claims, 'claim')} of ${count(carried.length, 'repository')}`,
        ],
      ],
      page,
    ),
    '',
    ...(members.length === 1
      ? [
          `Of two machines one decides: ${members[0] ?? ''}. While it is away this one grants nothing (exit 2).`,
          'With a third one, three can decide together: skein member promote MACHINE',
        ]
      : ['skein members shows who decides.']),
  ]
}

export function leaveFace({ mesh }: OperationResult<'leave'>): readonly string[] {
  return [`left ${mesh}; this machine goes on alone`]
}

const MEMBER_COLUMNS: readonly Column[] = [
  { title: 'MACHINE', rank: 3, widthMin: 10, style: 'strong' },
  { title: 'ROLE', rank: null },
  { title: 'ONLINE', rank: null },
  { title: 'RTT', rank: null },
  { title: 'LOAD', rank: null },
  { title: 'VOTES IN', rank: 2, widthMin: 10 },
  { title: 'ADDRESSES', rank: 1, widthMin: 12, isOptional: true, style: 'quiet' },
]

export function membersFace(members: OperationResult<'members'>, page: Page): readonly string[] {
  const rows = members.map((member) => [
    member.machine,
    member.role,
    onlineWord(member.presence),
    rtt(member.rtt_ms),
    member.load === null ? '-' : member.load.toFixed(2),
    member.votes_in.length === 0 ? '-' : member.votes_in.join(', '),
    member.addresses.join(', '),
  ])
  const advice = members.flatMap((member) => member.advice ?? [])
  const lines = advice.map((text) => `${page.paint('strong', 'Next:')} ${text}`)
  return [...table(MEMBER_COLUMNS, rows, page), ...(lines.length === 0 ? [] : ['', ...lines])]
}

export function memberFace(
  { machine, role, note }: OperationResult<'member/promote'>,
  page: Page,
): readonly string[] {
  return [`${page.paint('good', machine)} is a ${role} now`, note]
}

export function memberRemoveFace({ machine }: OperationResult<'member/remove'>): readonly string[] {
  return [
    `removed: ${machine}`,
    'Every member cuts it off as soon as it hears of it. The mesh gets a new network key.',
  ]
}

export function peersFace(result: OperationResult<'peers'>, page: Page): readonly string[] {
  if (result.peers.length === 0) {
    return ['This machine is alone in its mesh.', `${page.paint('strong', 'Next:')} skein invite`]
  }
  const rows = result.peers.map((peer) => [
    peer.machine,
    LINK_WORDS[peer.presence],
    rtt(peer.rtt_ms),
    peer.since === null ? '-' : relative(peer.since, page.nowMs),
    peer.last_seen === null ? 'never' : relative(peer.last_seen, page.nowMs),
    peer.address ?? peer.addresses.join(', '),
  ])
  return table(
    [
      { title: 'MACHINE', rank: 2, widthMin: 10, style: 'strong' },
      { title: 'LINK', rank: null },
      { title: 'RTT', rank: null },
      { title: 'SINCE', rank: null },
      { title: 'HEARD', rank: null },
      { title: 'ADDRESS', rank: 1, widthMin: 12, style: 'quiet' },
    ],
    rows,
    page,
  )
}

export function leaderFace(result: OperationResult<'leader'>, page: Page): readonly string[] {
  const rows = result.ledgers.map((ledger) => [
    ledger.ledger,
    ledger.attached ? (ledger.leader ?? 'none') : 'NOT REACHED',
    String(ledger.term),
    String(ledger.commit_index),
    String(ledger.lag),
    ledger.voters.join(', '),
    ledger.learners.join(', '),
  ])
  return table(
    [
      { title: 'LEDGER', rank: 2, widthMin: 10, style: 'strong' },
      { title: 'LEADER', rank: 3 },
      { title: 'TERM', rank: null },
      { title: 'INDEX', rank: null },
      { title: 'LAG', rank: null },
      { title: 'VOTERS', rank: 1, widthMin: 10 },
      { title: 'LEARNERS', rank: 1, widthMin: 10, isOptional: true },
    ],
    rows,
    page,
  )
}

type Presence = OperationResult<'peers'>['peers'][number]['presence']

/** Capitals: somebody may want to do something about it. */
const LINK_WORDS: Readonly<Record<Presence, string>> = {
  here: 'this one',
  up: 'up',
  silent: 'SILENT',
  asleep: 'ASLEEP?',
  away: 'DOWN',
}

function onlineWord(presence: Presence): string {
  if (presence === 'here' || presence === 'up') return 'yes'
  return presence === 'away' ? 'NO' : LINK_WORDS[presence]
}

function rtt(ms: number | null): string {
  return ms === null ? '-' : `${ms < 10 ? ms.toFixed(1) : ms.toFixed(0)} ms`
}
