// Longer help of each operation: what it does, in the caller's words. By itself, for only help texts and pages need it, and every
// process of the command line loads the table.
import type { OperationName } from './table.ts'

export const DETAILS: Readonly<Record<OperationName, string>> = {
  claim:
    'Exit 0: granted, with a fence. Exit 1: somebody else holds part of it; nothing is claimed, and the answer says who, what, until when, and what to do. Exit 2: no grant was confirmed; a person decides. Exit 8: the wait ended without a grant. Symbols are looked up in your checkout: one that its file does not declare is refused, with the nearest ones. Claims on different symbols of a file stand beside each other; one on a symbol of a file that somebody holds as a whole narrows that claim, unless it was made with --no-narrow, --module or --shared.',
  check:
    "Exit 0: safe. Exit 1: a claim would be refused. The same judgement as `claim`, from this machine's replica; what a claim of a task would fail with, this does.",
  queue: 'In the order in which they will be granted where they want the same.',
  cancel: 'Exit 7: another session waits there. Cancelling what is over is no error.',
  wait: 'Of a place: exit 0: granted, to the session that waits there. Exit 8: the place is gone, or nothing was granted in this time. Whoever stops waiting gives nothing up: the place is that of its session. Of a worker: exit 0: it succeeded. Exit 1: it ended otherwise. Exit 8: it goes on, or asks a person.',
  claims: "From this machine's replica; `as_of` says of when.",
  renew: 'Without ids: every claim of this session. Exit 6: a claim has ended; claim anew.',
  narrow:
    'Several patterns split the claim; the parts share its fence. With symbols the rest of their files is given up.',
  release:
    'Exit 7: another session holds it. Releasing what has ended already is no error. Without a majority it is noted (`releasing`), and done once there is one.',
  verify:
    'Without ids: every claim of this session, and those that it lost lately and has not got back. Exit 0: all live. Exit 4: one is not.',
  cover:
    "Asked before a commit and a push. Answered after a round with the leader, never from a stale replica. Exit 0: each is covered by a live claim of yours, or by nobody's. Exit 1: another holds one, or yours is not settled yet. Exit 2: no majority answered.",
  fence:
    "The ledger's position, and the live claims on paths by their fence: each is a token on the remote. From this machine's replica.",
  landed:
    'What a fenced push does when it lands. A claim stays while its files have changes in the checkout that are not committed, and where `.skein.yml` says `release_on_landing: false`.',
  guard:
    "Reads the hook's payload on stdin, and answers in the harness's own form: exit 0, or exit 2 with the reason on stderr. What nobody holds is claimed for the session of the payload; what another holds is refused, with who, what, until when, and what to do. The file that would be written decides, not the working directory. An edit of what another holds gets a place in the queue; where the run has nobody before it, the hook waits there for as long as --patience and .skein.yml allow. SKEIN_WAIT=defer parks such a run instead, =refuse keeps no place, =TIME says how long to wait. With SKEIN_BYPASS=REASON it only records what it would have refused.",
  why: 'Who holds it now, and which grants, refusals, releases and expiries led there.',
  events:
    'Without --since: the last ones. Every event is in the audit log, whose hashes `audit verify` checks. With --follow and --json: one JSON object a line, and after a break it goes on behind the last one. As a stream over HTTP: GET /v1/events.',
  forecast:
    'Looks at the branches of this clone, at its worktrees with what is not committed in them, and at the branches that were fetched. Pairs that changed the same files are merged in memory; no file, branch or index changes. For each collision: the files, who holds them, and what would keep the two apart.',
  status: 'Exit 0 when every enrolled repository that this machine decides alone is ready.',
  metrics: 'The same text as GET /metrics on the HTTP port, which needs the token.',
  enrol: 'A tracked `.skein.yml` does the same on first use for everybody; `skein init` writes it.',
  recover:
    'Where no majority of the mesh can be reached, this machine goes on in a mesh of its own, with every claim that it knows; the others do the same and join it. Where only the voters of this repository are gone, its ledger is begun anew in the same mesh. Where its log here is lost, its claims are lost too: a backup is better. Fences go on rising, old logs are kept aside. Machines that are missing must not come back with their old home. Refused while a majority can be reached.',
  config: 'Defaults, then files, then the environment, then flags.',
  'audit/verify': 'Exit 0: whole. Exit 4: broken, with the place of the first break.',
  'audit/export':
    'The bytes of the log, so that its hashes can be checked elsewhere. Over HTTP in pages: `next` is the `since` of the following one.',
  invite:
    'Prints one line of text: whoever has it can join once. It holds a secret; send it as you would a password. Opens the mesh port, on loopback unless `listen` in config.yml or --address says more.',
  'invite/revoke': 'Whoever joined with one stays a member: `skein member remove`.',
  invitations: 'Without their secrets, which nobody keeps.',
  join: 'Only for a machine that is alone in its mesh. Its live claims are carried along and settled in the other mesh; its old ledgers are kept aside.',
  leave: 'Its ledgers are kept aside, and its claims in the mesh end by their leases.',
  members: 'As this machine knows them: a voter may decide, a learner has a copy.',
  'member/promote':
    'A ledger has 1, 3 or 5 voters: of two machines that may vote one does. A machine votes once it has caught up.',
  'member/demote': 'It keeps its copies and votes no more.',
  'member/remove':
    'Every member cuts it off as soon as it hears of it, and the mesh gets a new network key; the old one opens nothing after 24 h. What it holds ends when its leases run out. Refused where a ledger would be left without a majority of voters that can be reached.',
  peers: 'Addresses, round trips, and when each was last heard of.',
  leader: 'As this machine sees it. `lag`: records that it knows of and that are not committed.',
  'owners/show':
    'What the ledger goes by. It is read from `.skein.yml` as the default branch has it; the last commit that changed the file there wins over earlier ones, and over what `owners set` said before it.',
  'owners/set':
    'FILE has the keys `owners`, `shared`, `protected` and `hotspots` of `.skein.yml`; `modules`, `areas` and `shared_files` at its top are taken, too. It replaces the whole policy. What was promoted stays.',
  'owners/export': 'To be committed by whoever wants a promotion to stay.',
  'owners/requests':
    'A claim in a hard area of others is refused, and asks its owners by that. What nobody answers is forgotten after a day.',
  'owners/approve':
    'For who asked, and for what was asked, until the time is over. It claims again then, and waits in the queue like everybody. What it was granted lives on by its own time.',
  'owners/deny': 'Also takes back what was approved: nothing more is granted by it.',
  hotspots:
    'Counts claims that were refused, or had to wait, by the pattern that was asked for. From 20 on the file wants to be split, from 10 on to be shared. Counts reach the ledger with its next records, or half a minute later.',
  promote:
    'For files that everybody adds a line to. Several sessions hold them at once then, and git merges what they did. What is held exclusively stays so until it ends.',
  demote: 'Claims of it are exclusive again, from the next one on.',
  stale:
    'A sign is a claim, a renewal, a wait or a request; of sessions on this machine also whatever else was heard of them. Of the others this machine cannot know whether they work: they are listed as not known here, and stay. Release them on their own machine, or one by one: skein release CLAIM --force --reason TEXT. Most claims end long before by `idle_release` and TTL; tasks live for days.',
  refactor:
    'Finds the uses in your checkout and claims the declaration, and in each file the declarations around its uses; where there is none around, the file. Uses are found by a language server where config.yml allows one (`language_servers`) and it is installed, else by names: every identifier of that name in files of the same language. Which of the two it was is said. Exits as `claim` does; with --dry-run 0: free, 1: not.',
  request:
    'The claim ends 5 minutes from now unless its holder denies; the holder may also release it, narrow it, or let you in beside it. To get what becomes free, wait in the queue too: skein claim … --wait.',
  respond: 'Only the holder may answer. An answer after the end changes nothing.',
  inbox:
    'Requests against your claims, claims of yours beside which others got symbols, and your places in the queue.',
  requests: 'Open ones, and the last that ended.',
  'task/list':
    'Plans are the JSON files of `plan_path` in .skein.yml (context/), as they stand in this checkout. Tasks completed within the last 24 hours are told although a plan may not say so yet. `token` proves which history the list is of.',
  'task/claim':
    "Exit 0: yours; asked again by the same session it stays yours, on its present branch. Exit 1: another session works on it, or it was completed, or a task before it is not. Exit 3: this session has a task already. Exit 4: the remote's default branch, as last fetched, has a newer plan, or the token is stale: git pull --rebase, then list again. Exit 5: not enrolled. Exit 6: no plan has it. Exit 8: the wait ended without it. Files are claimed beside it: skein claim PATTERN --task ID takes both or none.",
  'task/complete':
    'Everybody is told for 24 hours, and whoever waits for it may go on. Set its status in the plan, too: that is what later sessions read. Exit 6: nobody works on it. Exit 7: another session does, or this checkout is on another branch. Completing twice is no error. What the session holds beside it stays; to give a task back undone: skein release CLAIM.',
  'task/expire':
    'An act of a person. The task is told as timed out for 24 hours and can be claimed at once. Seldom needed: a session that dies or falls silent loses its task by itself.',
  assign:
    "The task's claim goes to the worker with the assignment: whoever else claims or assigns the task is refused (exit 1). The worker gets a worktree of its own on a branch `task-ID-…`, from the default branch as the remote has it, and the text on its standard input. What it commits is pushed to that branch when it ends; nothing is landed. Exit 2: no grant was confirmed, and nothing starts. Exit 6: no plan has the task. Exit 7: the machine refuses: its config.yml says who may start workers there (`fleet.accept`, `fleet.repos`), and with what (`fleet.launchers`).",
  'report-status':
    'Only for a worker: for the session of an assignment of this machine. It stands in `skein workers` at once, and in the log as a line `STATUS: …`.',
  ask: 'Only for a worker. It waits for a person, who sees the question in `skein workers`; the call ends with the answer (exit 0), or after its time (exit 8): then end your turn, and you are started again with the answer. Asking the same again waits on.',
  'submit-verdict':
    'Only for a worker that looks at the work of another: a review, a test or a smoke run. What it found counts for the commit that its worktree was made at; a later word replaces it. fail needs --blocking, pass takes none.',
  workers:
    'The ledger says who has what, and how it ended; how far a worker is, its machine says. `unknown`: that machine cannot be asked now, and only it can say what became of its worker. A worker that needs a person is `waiting`.',
  log: 'With --follow: on until the worker has ended. With --json: a piece of the log, `next` is the `since` of the following one; with --follow one such object a line.',
  stop: 'First politely, after 10 s hard; whatever runs in its process group ends with it. Commits stay on its branch in the clone there, and what is not committed is kept (skein wip). Stopping what is over is no error. --lost is an act of a person: the task is given back although nobody can say whether the worker runs on; where it does, it is ended as soon as its machine is back.',
  plan: "Open work of the tracker of this repository (its plan files, unless `tracker` in config.yml says otherwise), in its order. A task is proposed when what stands before it is complete and has landed, nobody has it, its declared files are nobody else's (claims, open assignments, work that has not landed, other proposals), and a machine that takes workers from here has the launcher, what the task needs, and a free slot. Everything else is listed with its reason. The proposals take the place of those before; `skein approve` gives them. With --rank a launcher of this machine orders the tasks; the rules hold all the same.",
  approve:
    'What may have changed since the plan is judged again. One that fails leaves the others approved, and its own proposal in place (exit 1). A machine that cannot be reached is tried again, a refusal is not. Two operators who approve the same proposal get the same assignment.',
  split:
    'Each title becomes a task of its own in the tracker: an issue of the forge, or an entry of the plan file, which you commit. The text of the task stays; on a forge the list of its parts is added to it. Repeating it creates nothing twice.',
  notify:
    'That work was given, completed, failed, or asks a person: a comment on the issue, or a note in `.skein/notes/` of the checkout, once each. Whoever tells it first, it is told once. `fleet.notify: auto` in config.yml does it for what was given from this machine.',
  done: 'What still runs, asks, failed, has not landed and has landed since the last day ended, and what it cost. Exit 1: workers still run, and the day is not ended; with --keep-running it is, and they go on. The `housekeeping` commands of `.skein.yml` run in your checkout then, if a person here approved them (skein trust).',
  resume:
    'For the morning, or after a crash: what was going on, what needs somebody, and with which command. It changes nothing.',
  test: 'Without a verdict: builds and tests the commit that was pushed, in a worktree of its own on this machine, with the commands that `.skein.yml` of that commit declares, where a person here approved them (skein trust). Exit 0: it passed. Exit 1: it did not. Exit 7: the commands are not approved. What was found is recorded with the commit; after a later one it is shown as stale. With --passed or --fail: your own word is recorded, and nothing runs.',
  review:
    'Another machine than that of the worker where one takes it, one with nothing to do first; else the same, and the reviewer is told so. Who reviews gets the commit in a detached worktree and pushes nothing. Exit 1: a review of it is at work.',
  pr: 'Opens the pull request from the branch to the default branch, or finds the open one. With `fleet.reviews.auto` in .skein.yml a review starts too. Needs `tracker` in config.yml.',
  merge:
    'Lands what workers have done and pushed: in the order of dependencies, then of grants, then by size. Each branch is put on top of the target as the remote has it now; those that fit on each other are built and tested together, once, and pushed together. Where that fails, it is found out whose fault it is, and the rest lands. Who is blocked is tried again when its branch or the target has moved, or when it is named. One machine lands on a branch at a time, under a claim. No branch is deleted. Without ids: all that waits. Exit 0: nothing is kept back. Exit 1: something is, and the answer says what to do. Exit 2: no majority; nothing was pushed. --drop is an act of a person.',
  trust:
    'Whoever can write to the repository can write `commands` of its .skein.yml: what they build, test and do here. They run on this machine only as you approved them last; after a change, nothing runs until it is approved again. With an ID: as the commit of that assignment declares them.',
  'resume-stuck':
    "It goes on in its worktree, with its commits and its claim: a further run is told the task again, what it had asked, and the answer; where its launcher can, in the same conversation. One that still listens is handed the answer. The machine's limits hold for a further run, too. A worker cannot answer itself (exit 7). Exit 1: it asks nothing.",
  retry:
    'Of one that failed, was empty, was stopped or lost. The same task on the same branch: what it had committed is continued, pushed or not, and what it had not committed is put back where that is clean. It is told how the attempt before ended, and takes the next model of `fleet.models` (.skein.yml). With --machine on another one: only what was pushed goes along. Exit 1: it is not over, or was tried five times (--again), or the task is taken or complete.',
  fix: 'Of work that succeeded: when a test or a review of it failed, when it is kept from landing, or with --guidance. Its branch is continued, by the next model of `fleet.models` (.skein.yml); it is told what failed. Exit 1: there is nothing to repair, it has landed, or it was tried five times (--again).',
  'tokens/create':
    'The token is shown this once; the home keeps a hash of it. Its bearer may do what agents do and nothing that takes a person: no members, no tokens, no force. It acts as one agent, in sessions of its own, apart from those of everybody else. With --only it sees nothing of other repositories.',
  'tokens/list': 'Not the tokens themselves: nothing here can open a door.',
  'tokens/rotate': 'It lives as long anew as it was made for.',
  'tokens/revoke':
    'What its bearer holds stays until it ends by itself: skein release --of-agent AGENT.',
  web: 'The address works once, within 60 s; the page that opens it gets a login of its own, which ends after 12 h of silence, after 7 days, and with --revoke. Opened from a terminal, the page may end claims of others with a reason, cancel waits and answer requests; without a terminal it shows. On another machine: ssh -L 7452:127.0.0.1:7452 HOST, then skein web --no-open there.',
  'webhooks/list':
    'The addresses stand in config.yml under `webhooks`. Each gets the events of a ledger in their order and at least once: one that is not taken is sent again, with pauses of up to 10 minutes, and given up after 24 hours.',
  'webhooks/test': 'Exit 0 when it was taken: an answer between 200 and 299 within 10 seconds.',
  'webhooks/retry': 'Ends the pause, and sends anew what was given up, oldest first.',
  'webhooks/purge': 'Events from now on are sent. The audit log keeps all of them.',
  'wip/list':
    'When a claim ends by silence, by its time, by the death of its process, by a person, or because it lost against another side of a partition, the daemon keeps what is not committed in the files that it covered: as a commit at refs/skein/wip/ID of the clone. Nothing else changes; the files stay as they are. Kept work is removed after 14 days (`retention.wip` in config.yml).',
  'wip/show': 'Whose it is, why it was kept, which files, and what was left out of it.',
  'wip/restore':
    'Its changes are merged into what is checked out here, and are not committed. Files with other work in them that is not committed are never overwritten: then nothing is written at all. Where the two do not fit, git puts its marks into the file, and the exit is 1. Files that another session holds are refused.',
  'wip/drop':
    'Its ref is removed. git has the commit for some two weeks more: the answer says how it is brought back.',
}
