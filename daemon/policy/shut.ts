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
  /** Why a file may not be changed: the words after its name; null: it may. @param file from the root */
  readonly whyNot: (file: string) => string | null
}

/** @throws SkeinError as History does, and CONFIG_INVALID for the working tree's file. */
export async function readShut(
  env: Readonly<Record<string, string | undefined>>,
  checkout: Checkout,
): Promise<Shut> {
  const options = { caseExact: loadRepoConfig(checkout.root).case === 'exact' }
  const policy = await trackedPolicy(createHistory(env), checkout)
  const rules = [
    ...policy.protected.map((pattern) => ({ pattern, why: 'is `protected`' })),
    ...policy.areas
      .filter(({ severity }) => severity === 'hard')
      .flatMap(({ name, paths }) =>
        paths.map((pattern) => ({ pattern, why: `is in the hard area '${name}'` })),
      ),
  ].map(({ pattern, why }) => ({ compiled: parsePattern(pattern, options), why }))
  return {
    whyNot: (file) => rules.find(({ compiled }) => matchesPath(compiled, file))?.why ?? null,
  }
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
