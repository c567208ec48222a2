// Which models are run, and what each must show: the rules as they are hold in every state that can be reached, and each
// naive variant of them is caught. Sizes and times of the long ones: docs/GUARANTEES.md, "The model".

export interface ModelRun {
  readonly name: string
  readonly file: 'membership' | 'checkpoint'
  /** For the C preprocessor; the files say what each means. */
  readonly defines: readonly string[]
  readonly expect: 'holds' | 'violated'
  /** Seconds and not minutes: also part of `npm test`. */
  readonly quick: boolean
}

export const RUNS: readonly ModelRun[] = [
  ...sound('quick', 'membership', {
    'fixed voters': 'N=3 CFGS=0 SM=2',
    'fixed voters, nothing left out': 'N=3 CFGS=0 SM=2 PLAIN',
    'a learner, one change': 'CFGS=1 SM=2',
  }),
  ...sound('quick', 'checkpoint', { checkpoints: 'SM=2' }),
  ...sound('long', 'membership', {
    'fixed voters, four terms': 'N=3 CFGS=0 SM=2 EM=4',
    'a learner, one change, rivals': 'CFGS=1 SM=2 RIVALS',
    'a learner, one change, unsynced': 'CFGS=1 SM=2 UNSYNCED',
    'four voters, two changes': 'V0=15 CFGS=2 SM=2',
    'a learner, one change, longer': 'CFGS=1 SM=3',
    'a learner, one change, longer, rivals': 'CFGS=1 SM=3 RIVALS',
    'a learner, two changes, longer': 'CFGS=2 SM=3',
    'four voters, one change, longer': 'V0=15 CFGS=1 SM=3',
  }),
  ...sound('long', 'checkpoint', {
    'checkpoints, rivals': 'SM=2 RIVALS',
    'checkpoints, index obeys': 'SM=2 OBEY',
    'checkpoints, longer': 'SM=3',
  }),
  ...naive('membership', {
    'N1 promise ignored': 'N=3 CFGS=0 SM=2 NOPROMISE',
    'N2 promise forgotten': 'N=3 CFGS=0 SM=2 VOLATILE',
    'N3 heads not compared': 'N=3 CFGS=0 SM=2 NOHEAD',
    'N4 longest path wins': 'N=3 CFGS=0 SM=2 LONGEST',
    'N8 older terms counted': 'N=3 CFGS=0 SM=1 EM=4 COUNTOLD',
    'N11 change before TermStart': 'CFGS=2 SM=2 EARLYCONFIG',
    'N12 two voters at once': 'CFGS=1 SM=2 TWOATONCE',
    'N13 candidacy kept': 'N=3 CFGS=0 SM=2 NOSTEPDOWN',
  }),
  ...naive('checkpoint', {
    'N16 pruned too early': 'SM=2 EARLYPRUNE',
    'N16 and the index obeys': 'SM=3 OBEY EARLYPRUNE',
    'forgotten too early': 'SM=2 EARLYFORGET',
  }),
]

type Named = Readonly<Record<string, string>>

function sound(length: 'quick' | 'long', file: ModelRun['file'], named: Named): ModelRun[] {
  return list(file, named, 'holds', length === 'quick')
}

function naive(file: ModelRun['file'], named: Named): ModelRun[] {
  return list(file, named, 'violated', true)
}

function list(
  file: ModelRun['file'],
  named: Named,
  expect: ModelRun['expect'],
  quick: boolean,
): ModelRun[] {
  return Object.entries(named).map(([name, defines]) => ({
    name,
    file,
    defines: defines.split(' '),
    expect,
    quick,
  }))
}
