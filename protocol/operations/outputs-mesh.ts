// Outputs of the operations about machines.
import { z } from 'zod'

const memberChanged = z.object({
  machine: z.string(),
  role: z.enum(['voter', 'learner']),
  note: z.string(),
})

const presence = z
  .enum(['here', 'up', 'silent', 'asleep', 'away'])
  .describe(
    'here: this machine; silent: connected, and it did not answer for some seconds; asleep: it fell silent and runs on a battery',
  )

export const MESH_OUTPUTS = {
  enrol: z.object({
    repo: z.string(),
    is_new: z.boolean(),
    generation: z.int(),
    checkout: z.string(),
  }),
  invite: z.object({
    token: z.string().describe('a secret: whoever has it can join once'),
    id: z.string(),
    role: z.enum(['voter', 'learner']),
    expires_at: z.string(),
    addresses: z.array(z.string()),
    foreign: z
      .array(z.string())
      .describe('those of them that are not of this machine now: something has to forward them'),
  }),
  'invite/revoke': z.object({ revoked: z.array(z.string()) }),
  invitations: z.object({
    invitations: z.array(
      z.object({ id: z.string(), role: z.string(), expires_at: z.string(), by: z.string() }),
    ),
  }),
  join: z.object({
    mesh: z.string(),
    role: z.enum(['voter', 'learner']),
    by: z.string(),
    members: z.array(z.string()),
    carried: z.array(z.object({ repo: z.string(), claims: z.int() })),
  }),
  leave: z.object({ mesh: z.string() }),
  members: z.array(
    z.object({
      machine: z.string(),
      peer_id: z.string(),
      role: z.enum(['voter', 'learner']),
      addresses: z.array(z.string()),
      online: z.boolean(),
      presence,
      load: z
        .number()
        .nullable()
        .describe('processes that run or want to, for each core, over a minute; null: not told'),
      workers: z.object({
        at_work: z
          .int()
          .describe('workers that start or run there, by the ledgers of this machine'),
        most: z.int().nullable().describe('so many it lets be at once; null: not told'),
      }),
      rtt_ms: z.number().nullable(),
      version: z.string().nullable().describe('of its skein; null while it is away'),
      votes_in: z.array(z.string()).describe('ledgers in which it votes now'),
      advice: z.string().nullable().describe('what a person might change about its vote'),
    }),
  ),
  'member/promote': memberChanged,
  'member/demote': memberChanged,
  'member/remove': z.object({ machine: z.string() }),
  peers: z.object({
    peers: z.array(
      z.object({
        machine: z.string(),
        peer_id: z.string(),
        online: z.boolean(),
        presence,
        address: z.string().nullable(),
        addresses: z.array(z.string()),
        rtt_ms: z.number().nullable(),
        last_seen: z.string().nullable(),
        since: z.string().nullable(),
        sent_bytes: z.int(),
        received_bytes: z.int(),
        dropped: z.int(),
        bad_frames: z.int(),
      }),
    ),
    listening: z.boolean(),
  }),
  leader: z.object({
    ledgers: z.array(
      z.object({
        ledger: z.string().describe('a repository, or `mesh`'),
        leader: z.string().nullable(),
        term: z.int(),
        commit_index: z.int(),
        lag: z.int(),
        voters: z.array(z.string()),
        learners: z.array(z.string()),
        attached: z.boolean().describe('this machine is with a majority'),
        quiet: z.boolean().describe('without work: its leader keeps its term in silence'),
      }),
    ),
  }),
} as const
