// The groups of figures, in the order in which they run.
export const GROUPS = {
  judge: 'one new claim judged against many',
  growth: 'what the document gains by each lifecycle',
  queue: 'hand-overs among 1,000 waiters',
  symbols: 'symbols of a file of 5,000 lines',
  claim: 'durable claims by one caller, beside etcd and Redis',
  callers: 'durable claims by 32 callers, beside etcd and Redis',
  check: 'checks',
  doors: 'the loopback port: HTTP, MCP, event streams',
  mesh: 'three machines, beside a cluster of three etcd',
  fleet: 'workers on another machine',
  start: 'starts of the daemon and the bridge',
  command: '`skein check` as a process',
  guard: 'verdicts of the guard, a push of 2,000 files, `skein init`',
  history: 'memory, and a restart with a long history',
} as const

export type GroupName = keyof typeof GROUPS
