// The catalogue of everything that can be refused or go wrong in the world. Codes are AREA_WHAT; exits are those of the
// interface contract; the HTTP status follows from the exit unless a row says otherwise. Expected outcomes of a claim
// (granted, queued, refused, provisional) are results, not errors.

import { retryable, row, type CatalogueRow } from './error-row.ts'
import { FLEET_ERRORS } from './error-fleet.ts'
import { TRACKER_ERRORS } from './error-tracker.ts'

export const ERROR_CATALOGUE = {
  INPUT_JSON: row(
    64,
    'The body is not JSON, or not one JSON object.',
    'Send one JSON object; see `skein help`.',
  ),
  INPUT_SCHEMA: {
    ...row(
      64,
      'A field is missing, unknown or of the wrong type.',
      'See `skein help COMMAND` for the fields.',
    ),
    http: 422,
  },
  INPUT_SIZE: row(
    64,
    'The input is larger than the limit named in the message.',
    'Send less in one call.',
  ),
  INPUT_PATTERN: row(
    64,
    'A pattern is empty, malformed, leaves the checkout, or is too complex to judge.',
    'Name paths from the root of the repository, with `*`, `**`, `?`, `[a-z]` and `{a,b}`.',
  ),
  SYMBOL_UNKNOWN: row(
    64,
    'A named symbol is declared nowhere in the files that were named with it.',
    'Name a declaration as the file nests it: `Class::method`; for a new one claim what it will lie in, or the file.',
  ),
  SYMBOL_UNSUPPORTED: row(
    64,
    'Symbols were named in a file whose language has no grammar here.',
    'Claim the whole file.',
  ),
  SYMBOL_UNREADABLE: row(
    64,
    'Symbols were named in a file that cannot be looked into: too large, binary, too slow to parse, or not readable.',
    'Claim the whole file.',
  ),
  SYMBOL_PARSER: retryable(
    2,
    'The parser failed on a file; nothing was granted. It is started anew at its next use.',
    'Try again, or claim the whole file.',
  ),
  INPUT_USAGE: row(64, 'A command line that skein does not understand.', 'skein help'),
  INPUT_TOO_WIDE: row(
    64,
    'One claim covers more files than `.skein.yml: limits` allows.',
    'Claim a smaller pattern.',
  ),
  INPUT_KEY_REUSED: row(
    64,
    'An idempotency key was used again with another body.',
    'Use a new key for a new request.',
  ),
  CONFIG_INVALID: row(64, 'A configuration has a wrong key or value.', 'skein config validate'),
  CLAIM_CONFLICT: row(1, 'Somebody else holds a scope that overlaps.', 'skein claims'),
  CLAIM_DEADLOCK: row(
    1,
    'Waiting would close a circle: everybody in it would wait for ever.',
    'Release what the others wait for, then claim again.',
  ),
  CLAIM_UNKNOWN: row(6, 'No such claim in this repository.', 'skein claims --recent'),
  CLAIM_ENDED: row(6, 'The claim has ended.', 'skein claims --recent'),
  CLAIM_NOT_YOURS: row(7, 'Another session holds the claim.', 'skein claims --mine'),
  CLAIM_NOT_NARROWER: row(
    64,
    'A narrowed pattern must lie inside the old one.',
    'skein claims --mine',
  ),
  CLAIM_STALE: row(4, 'A claim or fence that was named is not live.', 'skein claims --mine'),
  TASK_HELD: row(
    3,
    'This session has a task already, or waits for one; a session works on one at a time.',
    'skein task complete ID',
  ),
  TASK_COMPLETED: row(
    1,
    'The task was completed: by its plan, or within the last 24 hours.',
    'skein task list',
  ),
  TASK_BLOCKED: row(1, 'A task that stands before it is not complete.', 'skein task list'),
  TASK_TAKEN: row(1, 'Somebody works on the task, or waits for it.', 'skein workers'),
  ...FLEET_ERRORS,
  TASK_STALE: row(
    4,
    "The plan changed: the checkout, or the token, is older than the remote's default branch.",
    'git pull --rebase && skein task list',
  ),
  TASK_UNKNOWN: row(6, 'No plan of this checkout has such a task.', 'skein task list'),
  TASK_NOT_CLAIMED: row(6, 'Nobody works on the task now.', 'skein task list'),
  TASK_NOT_YOURS: row(7, 'Another session works on the task.', 'skein task list'),
  TASK_BRANCH: row(
    7,
    'The task was claimed for another branch than the one that it is completed on.',
    'Switch to its branch, or name it with --branch.',
  ),
  PLAN_INVALID: row(
    64,
    'A plan file cannot be read, or says of a task what cannot be.',
    'Correct the file that the message names.',
  ),
  ...TRACKER_ERRORS,
  QUEUE_NOT_YOURS: row(7, 'Another session waits at this place.', 'skein queue'),
  QUEUE_UNKNOWN: row(6, 'No such place in the queue of this repository.', 'skein queue'),
  REQUEST_UNKNOWN: row(6, 'No such request in this repository.', 'skein requests'),
  POLICY_PROTECTED: row(7, 'The repository lets nobody claim these files.', 'skein owners show'),
  POLICY_APPROVAL: row(
    7,
    'The files are in a hard area, and none of its owners has let the caller in.',
    'skein owners requests',
  ),
  POLICY_NOT_OWNER: row(7, 'The area belongs to others: they answer.', 'skein owners show'),
  PATTERN_NOT_PROMOTED: row(6, 'The pattern is shared by no promotion.', 'skein owners show'),
  LIMIT_CLAIMS: retryable(
    9,
    'The agent holds as many claims as `limits.claims_per_agent` allows.',
    'skein release --mine',
  ),
  LIMIT_WAITS: retryable(
    9,
    'The agent waits for as many claims as `limits.waits_per_agent` allows.',
    'skein queue --mine, then skein cancel for what is no longer needed.',
  ),
  LIMIT_QUEUE: retryable(
    9,
    'As many claims wait in the repository as `limits.waits` allows.',
    'Claim without --wait, or something else; skein queue shows who waits.',
  ),
  BUSY: retryable(9, 'More requests wait than the daemon takes at once.', 'Try again in a second.'),
  REPO_NOT_ENROLLED: {
    ...row(5, 'The repository is not enrolled in this mesh.', 'skein init'),
    http: 404,
  },
  REPO_UNKNOWN: row(64, 'The call does not say which repository it means.', 'Pass --repo ID.'),
  REPO_NOT_GIT: row(5, 'The directory is not inside a git repository.', 'git init'),
  REPO_FOREIGN: row(
    7,
    'A checkout claims the id of an enrolled repository but shares no history with it.',
    'Set another `repo:` in .skein.yml.',
  ),
  INVITATION_BAD: row(
    64,
    'The text is no invitation, or was changed on its way.',
    'Copy the whole line that `skein invite` printed, or let a member print a new one.',
  ),
  WIP_UNKNOWN: row(6, 'No such kept work in the clones of this repository here.', 'skein wip'),
  WIP_OVERWRITES: row(
    1,
    'Kept work would overwrite what is not committed in this checkout; nothing was written.',
    'Commit or stash that first, or make a branch of the kept work: skein wip restore ID --branch NAME',
  ),
  WIP_UNMERGEABLE: row(
    1,
    'Kept work cannot be merged into what is checked out now; nothing was written.',
    'skein wip restore ID --branch NAME, then merge that branch.',
  ),
  WIP_UNWRITABLE: row(1, 'A file of kept work cannot be written.', 'Make room, and try again.'),
  NOT_FOUND: row(6, 'No such operation, route or object.', 'skein help'),
  EVENTS_GONE: {
    ...row(
      6,
      'A reader asked to go on behind an event that the audit log does not hold (any more).',
      'skein events --since 4h',
    ),
    http: 410,
  },
  METHOD_REFUSED: {
    ...row(
      64,
      'The route is there, but not for this HTTP method.',
      'GET /openapi.json lists them.',
    ),
    http: 405,
  },
  FORBIDDEN: row(7, 'The caller may not do this.', 'skein help'),
  FORBIDDEN_PERSON: row(
    7,
    'An act of a person came without a terminal to confirm it.',
    'Run it in a terminal, or set `trust_scripts: true` in config.yml and pass --yes.',
  ),
  UNAUTHENTICATED: {
    ...row(
      7,
      'The bearer token is missing or wrong.',
      'Send `Authorization: Bearer` with the content of the token file in the home.',
    ),
    http: 401,
  },
  HOST_REFUSED: {
    ...row(
      7,
      'The Host or Origin header is not one of this listener.',
      'Use the address that `skein status` prints.',
    ),
    http: 403,
  },
  DAEMON_DOWN: retryable(2, 'No daemon answers on this machine.', 'skein up'),
  DAEMON_RUNNING: row(1, 'A daemon already runs on this home.', 'skein status'),
  DAEMON_FAILED: row(70, 'The daemon did not become ready.', 'skein logs'),
  PORT_TAKEN: row(
    1,
    'An explicitly configured port is taken.',
    'Set another port, or 0 for any free one.',
  ),
  INVITATION_ENDED: row(
    7,
    'An invitation was used, revoked, has expired, or is not the one that its text says.',
    'Ask a member for a new one: skein invite',
  ),
  MEMBER_UNKNOWN: row(6, 'No machine of this mesh has that name or peer id.', 'skein members'),
  MEMBER_NAME_TAKEN: row(
    1,
    'Another machine of the mesh has this name.',
    'Set another one: `machine: NAME` in config.yml, then start the daemon again.',
  ),
  MEMBER_LAST_VOTER: row(
    7,
    'The mesh would be left without a machine that decides.',
    'Promote another machine first: skein member promote MACHINE',
  ),
  MEMBER_NEEDED: row(
    7,
    'A ledger would be left without a majority of voters that can be reached.',
    'Wait until its voters have changed: skein leader',
  ),
  PEER_REFUSED: row(
    7,
    'Another machine of the mesh did not accept what this one asked of it.',
    'skein logs, on both machines',
  ),
  MESH_BUSY_JOINING: retryable(
    2,
    'This machine is between two meshes; its ledgers are being carried over.',
    'Wait for it: skein members',
  ),
  MESH_NOT_ALONE: row(
    7,
    'This machine is in a mesh with others, which it has to leave first.',
    'skein leave',
  ),
  NO_QUORUM: retryable(
    2,
    'No majority of the voters answered in time; no grant was confirmed.',
    'skein status',
  ),
  UNCERTAIN: retryable(
    2,
    'The daemon stopped answering before the outcome was known; no grant was confirmed.',
    'skein claims --mine',
  ),
  PEER_UNREACHABLE: retryable(
    2,
    'Another machine does not answer, or hung up.',
    'skein status, on both machines',
  ),
  MEMBER_OUTDATED: retryable(
    9,
    'A machine of the mesh runs a skein that cannot read this yet.',
    'skein members, and upgrade the machine with the lowest version',
  ),
  LEDGER_DAMAGED: row(
    2,
    'The durable log is damaged before its end; this ledger is not served.',
    'skein logs',
  ),
  LEDGER_NEWER: row(
    2,
    'The ledger holds records that this version does not know.',
    'Upgrade skein on this machine.',
  ),
  HOME_UNUSABLE: row(
    2,
    'The home directory cannot be read or written.',
    'Check SKEIN_HOME, its owner and its free space.',
  ),
  HOME_NEWER: row(2, 'The home was written by a newer version.', 'Upgrade skein on this machine.'),
  DISK_FULL: retryable(
    2,
    'The disk of the home is full; nothing is granted until there is room.',
    'Free space on the disk of SKEIN_HOME, then `skein up`.',
  ),
  AUDIT_BROKEN: row(4, 'The audit log does not match its own hashes.', 'skein audit verify'),
  INTERNAL: row(70, 'A bug in skein.', 'skein logs'),
  INTERRUPTED: row(130, 'The caller interrupted the command.', 'skein claims --mine'),
} as const satisfies Record<string, CatalogueRow>
