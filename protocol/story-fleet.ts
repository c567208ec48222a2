// Events of the fleet in words: tasks given to machines, what came of them, and how work landed.

type Data = Readonly<Record<string, unknown>>

/** Null: no event of the fleet. */
export function tellFleet(kind: string, actor: string, data: Data): string | null {
  const task = `${titled(data)} (${word(data['assignment'])})`
  const where = `on ${word(data['machine'])}`
  switch (kind) {
    case 'assignment.assigned':
      return `${actor} gave ${task} to a worker ${where}`
    case 'assignment.starting':
      return `the worker of ${task} starts`
    case 'assignment.running':
      return `the worker of ${task} is at work`
    case 'assignment.waiting':
      return `the worker of ${task} asks a person${said(data['note'])}`
    case 'assignment.succeeded':
      return `the worker of ${task} is done: pushed ${commit(data['commit'])} to ${word(data['branch'])}`
    case 'assignment.empty':
      return `the worker of ${task} ended, and committed nothing`
    case 'assignment.failed':
      return `the worker of ${task} failed (${word(data['reason'])})${said(data['note'])}`
    case 'assignment.stopped':
      return `the worker of ${task} was ended by ${actor}${said(data['note'])}`
    case 'assignment.lost':
      return `${actor} gave up the machine that had ${task}${said(data['note'])}`
    case 'assignment.stopping':
      return `${actor} asks for the end of the worker of ${task}${said(data['note'])}`
    case 'assignment.answered':
      return `${actor} answered the worker of ${task}${said(data['note'])}`
    case 'assignment.judged':
      return judged(task, actor, fields(data['verdict']))
    case 'assignment.proposed':
      return proposed(actor, data['proposals'])
    default:
      return kind.startsWith('merge.') ? landed(kind, task, actor, fields(data['landing'])) : null
  }
}

function judged(task: string, actor: string, verdict: Data): string {
  const outcome = verdict['outcome'] === 'pass' ? 'passed' : 'failed'
  const found = `the ${word(verdict['kind'])} of ${task} ${outcome} at ${commit(verdict['commit'])}`
  return `${found}, says ${actor}${said(verdict['note'])}`
}

function proposed(actor: string, list: unknown): string {
  const tasks = Array.isArray(list) ? list.map((each: unknown) => word(fields(each)['task'])) : []
  if (tasks.length === 0) return 'nothing is proposed any more'
  const more =
    tasks.length > PROPOSED_TOLD ? ` and ${String(tasks.length - PROPOSED_TOLD)} more` : ''
  return `${actor} proposes ${tasks.slice(0, PROPOSED_TOLD).join(', ')}${more}`
}

const PROPOSED_TOLD = 5

function landed(kind: string, task: string, actor: string, landing: Data): string {
  const target = word(landing['target'])
  switch (kind) {
    case 'merge.landed':
      return `${task} landed on ${target} as ${commit(landing['commit'])}`
    case 'merge.blocked':
      return `${task} is kept from ${target} (${word(landing['reason'])})${said(landing['note'])}`
    case 'merge.dropped':
      return `${task} is not to land on ${target}, says ${actor}${said(landing['note'])}`
    default:
      return `${kind} of ${task} by ${actor}`
  }
}

/** A task of a plan by its id, with its title where that says more. */
function titled(data: Data): string {
  const [task, title] = [word(data['task']), word(data['title'])]
  return title === task || title === '-' ? task : `${task} "${brief(title)}"`
}

/** Work in words may fill a page. */
function brief(title: string): string {
  const characters = Array.from(title)
  if (characters.length <= TITLE_CHARACTERS) return title
  return `${characters.slice(0, TITLE_CHARACTERS - 1).join('')}…`
}

const TITLE_CHARACTERS = 60

/** As people know a commit. */
function commit(value: unknown): string {
  return word(value).slice(0, 10)
}

function said(text: unknown): string {
  return typeof text === 'string' && text !== '' ? `: ${text}` : ''
}

function fields(value: unknown): Data {
  return typeof value === 'object' && value !== null ? (value as Data) : {}
}

function word(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '-'
}
