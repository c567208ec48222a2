// Which files the repository keeps shut where no daemon can be asked: what is protected, and hard areas, of whose approvals only
// the ledger knows. It is the default branch that says so, as fetched; a working tree speaks only where git names no such branch.
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { matchesPath, NO_POLICY, parsePattern, type Policy } from '../../protocol/index.ts'
import { loadRepoConfig } from '../config.ts'
import type { Checkout } from '../git.ts'
import { createHistory, type History } from '../git-history.ts'
import { findPolicyBranch, POLICY_FILE } from './default-branch.ts'
import { isConfigError, readPolicy } from './read.ts'

export interface Shut {
  /** The rule that keeps a file shut; null: none does. @param file from the root */
  readonly ruleOn: (file: string) => ShutRule | null
  /** The same as the words after its name. */
  readonly whyNot: (file: string) => string | null
}

export type ShutRule =
  | { readonly kind: 'protected'; readonly pattern: string }
  | { readonly kind: 'hard'; readonly area: string; readonly owners: readonly string[] }

/** @throws SkeinError as History does, and CONFIG_INVALID for the working tree's file. */
export async function readShut(
  env: Readonly<Record<string, string | undefined>>,
  checkout: Checkout,
): Promise<Shut> {
  const caseExact = loadRepoConfig(checkout.root).case === 'exact'
  return shutBy(await trackedPolicy(createHistory(env), checkout), caseExact)
}

/** What a policy keeps shut for whoever cannot ask the ledger. */
export function shutBy(policy: Policy, caseExact: boolean): Shut {
  const hard = policy.areas.filter(({ severity }) => severity === 'hard')
  const rules = [
    ...policy.protected.map((pattern) => ({
      pattern,
      rule: { kind: 'protected', pattern } as const,
    })),
    ...hard.flatMap(({ name, owners, paths }) =>
      paths.map((pattern) => ({ pattern, rule: { kind: 'hard', area: name, owners } as const })),
    ),
  ].map(({ pattern, rule }) => ({ compiled: parsePattern(pattern, { caseExact }), rule }))
  const ruleOn: Shut['ruleOn'] = (file) =>
    rules.find(({ compiled }) => matchesPath(compiled, file))?.rule ?? null
  const whyNot: Shut['whyNot'] = (file) => {
    const rule = ruleOn(file)
    if (rule === null) return null
    return rule.kind === 'protected' ? 'is `protected`' : `is in the hard area '${rule.area}'`
  }
  return { ruleOn, whyNot }
}

async function trackedPolicy(history: History, checkout: Checkout): Promise<Policy> {
  const branch = await findPolicyBranch(history, checkout)
  if (branch === null) {
    const file = path.join(checkout.root, POLICY_FILE)
    return existsSync(file) ? readPolicy(file, readFileSync(file, 'utf8')) : NO_POLICY
  }
  try {
    const text = await history.fileAt(checkout, branch.tip, POLICY_FILE)
    return readPolicy(`${POLICY_FILE} of ${branch.name}`, text ?? '')
  } catch (error) {
    // As the daemon has it: a file that cannot be read says nothing.
    if (isConfigError(error)) return NO_POLICY
    throw error
  }
}
