// Whether a file lies in a checkout, once links are followed.
import { realpath } from 'node:fs/promises'
import path from 'node:path'
import { unsupported, type Unsupported } from './file-symbols.ts'

/** The real path, if it lies in the root. */
export async function inside(root: string, file: string): Promise<string | Unsupported> {
  try {
    const [realRoot, real] = await Promise.all([realpath(root), realpath(path.resolve(root, file))])
    if (real.startsWith(realRoot.endsWith(path.sep) ? realRoot : realRoot + path.sep)) return real
    return unsupported('outside', 'outside the checkout')
  } catch {
    return unsupported('missing', 'no such file')
  }
}
