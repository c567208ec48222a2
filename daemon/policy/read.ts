// A policy as people write it, in `.skein.yml` or in a file of its own, as the ledger keeps it; and back.
import { stringify } from 'yaml'
import {
  judgeable,
  NO_POLICY,
  SkeinError,
  type Area,
  type Policy,
  type PolicyState,
} from '../../protocol/index.ts'
import { clean } from '../callers.ts'
import { parseConfigText } from '../config-file.ts'
import { repoFileSchema, type RepoFile } from '../config-schema.ts'

type Written = Pick<RepoFile, 'owners' | 'shared' | 'protected' | 'hotspots'>

/** The policy in the text of a `.skein.yml`. @throws SkeinError CONFIG_INVALID */
export function readPolicy(file: string, text: string): Policy {
  const { value } = parseConfigText(file, text, '.skein.yml', repoFileSchema)
  return policyOf(value)
}

/**
 * A file of rules alone, too, as coord's users have it: `modules`, `areas` and `shared_files` at the top.
 * @throws SkeinError CONFIG_INVALID
 */
export function readRules(file: string, text: string): Policy {
  const { value } = parseConfigText(file, text, '.skein.yml', repoFileSchema, underOwners)
  return policyOf(value)
}

function underOwners(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || 'owners' in value) return value
  const { modules, areas, shared_files: shared, ...rest } = value as Record<string, unknown>
  const owners = {
    ...(modules === undefined ? {} : { modules }),
    ...(areas === undefined ? {} : { areas }),
  }
  return {
    ...rest,
    ...(Object.keys(owners).length === 0 ? {} : { owners }),
    ...(shared === undefined ? {} : { shared }),
  }
}

function policyOf({ owners, shared, protected: closed, hotspots }: Written): Policy {
  const { promoteAt, subtreeAt, windowDays, demoteDays } = NO_POLICY.hotspots
  return {
    areas: [...areasIn('module', owners?.modules), ...areasIn('area', owners?.areas)],
    shared: canonical(shared),
    protected: canonical(closed),
    hotspots: {
      promoteAt: hotspots?.promote_at ?? promoteAt,
      subtreeAt: hotspots?.subtree_at ?? subtreeAt,
      windowDays: hotspots?.window_days ?? windowDays,
      demoteDays: hotspots?.demote_days ?? demoteDays,
    },
  }
}

type Listed = NonNullable<NonNullable<Written['owners']>['modules']>

function areasIn(kind: Area['kind'], listed: Listed | undefined): readonly Area[] {
  return Object.entries(listed ?? {}).map(([name, { paths, owners = [], severity = 'soft' }]) => {
    const names = owners.map(clean).filter((owner) => owner !== '')
    return { kind, name: clean(name), paths: canonical(paths), owners: names, severity }
  })
}

/** As claims are written, so that the two can be told to be the same. */
function canonical(patterns: readonly string[] | undefined): readonly string[] {
  const scopes = (patterns ?? []).map((pattern) =>
    judgeable({ kind: 'file', pattern, symbols: [], mode: 'shared' }, { caseExact: true }),
  )
  return [...new Set(scopes.map(({ pattern }) => pattern))]
}

/** As `writtenPolicy`, in YAML; empty where it says nothing. */
export function policyText(state: PolicyState): string {
  const written = writtenPolicy(state)
  return Object.keys(written).length === 0 ? '' : stringify(written, { lineWidth: 0 })
}

/** What stands in the ledger as `.skein.yml` would say it, with what was promoted beside it. */
function writtenPolicy({ policy, promoted }: PolicyState): Written {
  const { areas, protected: closed, hotspots } = policy
  const shared = [...new Set([...policy.shared, ...promoted.map(({ pattern }) => pattern)])]
  const modules = listedOf(areas, 'module')
  const others = listedOf(areas, 'area')
  const owners = {
    ...(Object.keys(modules).length === 0 ? {} : { modules }),
    ...(Object.keys(others).length === 0 ? {} : { areas: others }),
  }
  const { promoteAt, subtreeAt, windowDays, demoteDays } = hotspots
  const isUsual = JSON.stringify(hotspots) === JSON.stringify(NO_POLICY.hotspots)
  const terms = {
    ...{ promote_at: promoteAt, subtree_at: subtreeAt },
    ...{ window_days: windowDays, demote_days: demoteDays },
  }
  return {
    ...(Object.keys(owners).length === 0 ? {} : { owners }),
    ...(shared.length === 0 ? {} : { shared }),
    ...(closed.length === 0 ? {} : { protected: [...closed] }),
    ...(isUsual ? {} : { hotspots: terms }),
  }
}

function listedOf(areas: readonly Area[], kind: Area['kind']): Listed {
  const own = areas.filter((area) => area.kind === kind)
  return Object.fromEntries(
    own.map(({ name, paths, owners, severity }) => [
      name,
      { paths: [...paths], owners: [...owners], severity },
    ]),
  )
}

export function isConfigError(error: unknown): error is SkeinError {
  return error instanceof SkeinError && error.code === 'CONFIG_INVALID'
}
