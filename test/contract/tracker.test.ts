import { createTrackers } from '../../daemon/tracker/trackers.ts'
import { asRepoId } from '../../protocol/index.ts'
import type { Cleaner } from '../helpers/cleanup.ts'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { openForgeTracker } from '../helpers/forge-tracker.ts'
import { makeFolder, writeIn } from '../helpers/repo.ts'
import { describeTracker, type TrackerStand, type Wanted } from './tracker.ts'

async function forgeStand(kind: 'github' | 'gitea', cleaner: Cleaner): Promise<TrackerStand> {
  const { forge, tracker } = await openForgeTracker(cleaner, kind)
  const numberIn = (task: string): number => Number(task.replace('issue-', ''))
  return {
    tracker,
    add({ title, text = '', files = [], after = [], labels = [] }: Wanted) {
      const parts = [
        text,
        ...after.map((task) => `Depends on #${String(numberIn(task))}`),
        ...(files.length === 0 ? [] : ['## Files', ...files.map((file) => `- ${file}`)]),
      ]
      const { number } = forge.addIssue({ title, body: parts.join('\n'), labels: [...labels] })
      // Numbers are shared with pull requests, which are no issues.
      forge.addPull({ branch: `of-${String(number)}` })
      return `issue-${String(number)}`
    },
    finish(task) {
      const issue = forge.issues.find(({ number }) => number === numberIn(task))
      if (issue !== undefined) issue.state = 'closed'
    },
    told: (task) =>
      forge.comments
        .filter(({ number }) => number === numberIn(task))
        .map(({ body }) => body)
        .join('\n'),
  }
}

function planStand(cleaner: Cleaner): TrackerStand {
  const root = makeFolder(cleaner)
  const tasks: { id: string; status: string; [key: string]: unknown }[] = []
  const write = (): void => {
    writeIn(root, 'context/plan.json', JSON.stringify({ plan_name: 'P', tasks }, null, 2))
  }
  write()
  const trackers = createTrackers({ config: { tracker: {} }, env: {}, clock: { wall: Date.now } })
  return {
    tracker: trackers.of(asRepoId('team/shop'), { root, planPath: 'context' }),
    add({ title, text, files, after, labels }: Wanted) {
      const id = `task-${String(tasks.length + 1)}`
      const told = { name: title, description: text, files, labels, blocked_by: after }
      tasks.push({ id, status: 'pending', ...told })
      write()
      return id
    },
    finish(task) {
      for (const each of tasks) if (each.id === task) each.status = 'complete'
      write()
    },
    told(task) {
      const file = path.join(root, '.skein/notes', `${task}.md`)
      return existsSync(file) ? readFileSync(file, 'utf8') : ''
    },
  }
}

describeTracker('the plan files', (cleaner) => Promise.resolve(planStand(cleaner)))
describeTracker('GitHub', (cleaner) => forgeStand('github', cleaner))
describeTracker('Gitea', (cleaner) => forgeStand('gitea', cleaner))
