// Every bound that callers can run into, with its reason. Bounds that only one module knows stand in that module.

export const LIMITS = {
  /** A body or a line of JSON: room for 1,000 scopes of 1,000 characters. */
  inputBytesMax: 1_048_576,
  /** A pattern: longer than any path that Linux takes (4,096) is a mistake. */
  patternCharactersMax: 1_024,
  /** Alternatives that a pattern's braces may expand to; nested braces multiply. */
  patternAlternativesMax: 256,
  /** Characters of all scopes of one claim together: a record of it stays far below what one may hold. */
  scopesCharactersMax: 65_536,
  /** Claims beside which one may stand, and links between claims that one record makes: some tens of kilobytes. */
  partnersMax: 500,
  /** Scopes in one claim; wider work is a directory pattern. */
  scopesMax: 200,
  /** Free text shown to other people and to models. */
  descriptionCharactersMax: 500,
  /** Names of agents, sessions, machines, branches, resources, keys. */
  nameCharactersMax: 200,
  /**
   * Requests of one repo that wait for their answer; above it callers are told BUSY. Fewer than the ledger remembers of a
   * machine, so that no answer is forgotten before it is told.
   */
  inboxMax: 1_000,
  /** Live claims that one repo holds; the folded state stays in the tens of megabytes. */
  liveClaimsMax: 20_000,
  /** Provisional claims of one machine: all of them go into one request, and their outcomes into one record. */
  provisionalsMax: 500,
  /** Waiting claims of one repo. */
  waitersMax: 10_000,
  /** Open requests against one claim. */
  requestsPerClaimMax: 20,
  /** Paths in one question for what covers them; more are asked in several. */
  pathsCoveredMax: 5_000,
  /** Versions of one file in a push that are looked into for its declarations. */
  editsMax: 100,
  /** Ids in one release, renew or verify. */
  idsMax: 1_000,
  /** Tasks in one list. */
  tasksListedMax: 10_000,
  /** Events in one page. */
  eventsListedMax: 10_000,
  /**
   * A message between two machines: the largest is a whole ledger for somebody who has none, and 20,000 claims stay below
   * it; a receiver holds one unfinished message of each peer.
   */
  peerMessageBytesMax: 16_777_216,
  /** What a machine asks that is no peer yet: a secret and what it says of itself. */
  questionBytesMax: 4_096,
  /** The answer: keys, names and addresses of some hundred machines. */
  answerBytesMax: 65_536,
  /** Conflicts listed in one refusal; the count of the rest is told. */
  conflictsListedMax: 20,
} as const

/** Times of the interface contract, in seconds. */
export const DEFAULTS = {
  ttlSeconds: 4 * 3600,
  ttlSharedSeconds: 2 * 3600,
  ttlTaskSeconds: 10 * 86_400,
  ttlSecondsMax: 10 * 86_400,
  idleReleaseSeconds: 30 * 60,
  idleReleaseSecondsMin: 90,
  /** After the death of a session's process its claims are released. */
  deadProcessSeconds: 60,
  /** An expired exclusive scope is not granted again at once: its late holder may still be writing. */
  lockDelaySeconds: 10,
  /** A holder has this long to answer a request; its claim is shortened to as much. */
  requestAnswerSeconds: 300,
  /** Whoever has an old checkout learns for this long that a task is completed. */
  completedToldSeconds: 24 * 3600,
  /** A claim waits at most this long in the queue. */
  waitSecondsMax: 600,
  /** A run that was parked until its edit is free waits as long as a claim lives that does not say its own time. */
  parkedWaitSeconds: 4 * 3600,
  /** What was waited for and is not taken up passes on to whoever is next. */
  grantUnusedSeconds: 300,
  /** An invitation is good for an hour, and for a week at most. */
  invitationSeconds: 3600,
  invitationSecondsMax: 7 * 86_400,
  /** Bound of every call that needs a quorum. */
  callTimeoutSeconds: 5,
  auditKeptSeconds: 365 * 86_400,
  /** Of one repository: some two million events. */
  auditMibMax: 512,
  /** Of the daemon's own log. */
  logsMibMax: 64,
  /** Work that is kept for sessions that lost it. */
  wipKeptSeconds: 14 * 86_400,
  /** Of one clone. */
  wipMibMax: 512,
  wipCountMax: 200,
  claimFilesMax: 100,
  claimRatioMax: 0.2,
  /** The ratio says nothing about small repos. */
  claimRatioFilesMin: 100,
} as const
